"""Histories of several runs as one table; each study that shows its own inherits this rule."""


rule collect_history:
    input:
        [],
    output:
        table("{study}", "{name}"),
    log:
        log_of("{study}/{name}"),
    wildcard_constraints:
        name="(?!)",  # makes nothing itself
    conda:
        "../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study="",
        runs="",
        names=[],
        columns=[],  # NAME=VALUE, the same in all rows
        code=LINEAGE.code("collect_history.py"),
    shell:
        "python workflow_scripts/job.py {log} collect_history.py --study {params.study} --runs {params.runs} --names {params.names}"
        " --column {params.columns:q} --out {output}"
