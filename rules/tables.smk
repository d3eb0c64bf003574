"""Tables from tables; neither needs torch, and each study says which."""


rule collect_history:
    input:
        [],
    output:
        table("{study}", "{name}"),
    log:
        log_of("{study}/{name}"),
    benchmark:
        timing_of("{study}/{name}")
    wildcard_constraints:
        name="(?!)",  # makes nothing itself
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study="",
        runs="",
        names=[],
        columns=[],  # NAME=VALUE, the same in all rows
        code=code("collect_history.py"),
    shell:
        "python workflow_scripts/collect_history.py --study {params.study} --runs {params.runs} --names {params.names}"
        " --column {params.columns:q} --out {output} > {log} 2>&1"


rule stack:
    input:
        [],
    output:
        table("{study}", "{name}"),
    log:
        log_of("{study}/{name}"),
    benchmark:
        timing_of("{study}/{name}")
    wildcard_constraints:
        name="(?!)",  # makes nothing itself
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("stack.py"),
    shell:
        "python workflow_scripts/stack.py {input} --out {output} > {log} 2>&1"
