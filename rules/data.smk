"""Prepared datasets."""


rule prepare_data:
    input:
        lambda w: raw_file(w.dataset),
    output:
        data=f"results/{SCALE}/data/{{dataset}}/{paths.DATA}",
        manifest=f"results/{SCALE}/data/{{dataset}}/{paths.MANIFEST}",
    log:
        log_of("data/{dataset}"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        spec=lambda w: specs.canonical_json(data_spec(w.dataset)),
        code=lambda w: LINEAGE.code("prepare_data.py", source_of(data_spec(w.dataset))),
    shell:
        "python workflow_scripts/job.py {log} prepare_data.py --spec {params.spec:q} --threads {threads}"
        " --out $(dirname {output.data})"
