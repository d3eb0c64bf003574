"""Prepared datasets."""


rule prepare_data:
    input:
        lambda w: raw_file(w.dataset),
    output:
        data=f"results/{SCALE}/data/{{dataset}}/{paths.DATA}",
        manifest=f"results/{SCALE}/data/{{dataset}}/{paths.MANIFEST}",
    log:
        log_of("data/{dataset}"),
    benchmark:
        timing_of("data/{dataset}")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        spec=lambda w: specs.canonical_json(data_spec(w.dataset)),
        code=lambda w: code(
            "prepare_data.py",
            f"anarch.data.sources.{data_spec(w.dataset).source}",
        ),
    shell:
        "python workflow_scripts/prepare_data.py --spec {params.spec:q} --threads {threads}"
        " --out $(dirname {output.data}) > {log} 2>&1"
