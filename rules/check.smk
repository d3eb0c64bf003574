"""Whether the machine computes networks as float64 does, before it trains them; no training waits for it."""


rule check_arithmetic:
    output:
        paths.arithmetic(SCALE),
    log:
        log_of("check_arithmetic"),
    priority: 100  # the first job of `all`
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=30,
    params:
        code=LINEAGE.code(
            "check_arithmetic.py",
            *[f"anarch.models.{file.stem}" for file in ROOT.glob("anarch/models/*.py")],
            "anarch.lifting.walk",
        ),
    shell:
        "python workflow_scripts/job.py {log} check_arithmetic.py --threads {threads} --gpus {resources.gpu} --out {output}"
