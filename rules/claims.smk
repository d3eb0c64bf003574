"""Verdicts: every claim of config/claims.yaml, judged on the tables that it names."""

from anarch.workflow import claims

try:
    CLAIMED = claims.needed(claims.read(ROOT))
except checks.ConfigError as error:
    raise WorkflowError(str(error))


rule claims:
    input:
        [table(study, name) for study, name in CLAIMED],
    output:
        paths.claims(SCALE),
    log:
        log_of("claims"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        scale=SCALE,
        looks=config["looks"],
        code=combined(
            LINEAGE.code("judge.py"),
            claims.digest_text(ROOT),
            *(DIGESTS[study][name] for study, name in CLAIMED),
        ),
    shell:
        "python workflow_scripts/job.py {log} judge.py --scale {params.scale} --looks {params.looks} --tables {input}"
        " --out {output}"
