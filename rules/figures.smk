"""The one way to draw: small tables in, one picture out; each figure of each study is an heir."""


rule draw:
    input:
        [],
    output:
        **figure("{study}", "{figure}"),
    log:
        log_of("{study}/figures/{figure}"),
    benchmark:
        timing_of("{study}/figures/{figure}")
    wildcard_constraints:
        figure="(?!)",  # makes nothing itself
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        about="",
        code=code("draw.py"),
    shell:
        "python workflow_scripts/draw.py $(basename $(dirname $(dirname {output.png}))).$(basename {output.png} .png)"
        " --tables {input} --about {params.about:q} --png {output.png} --svg {output.svg} > {log} 2>&1"
