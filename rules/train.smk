"""The one way to train.  Each study inherits it and says which of its runs keep which snapshots."""


rule train:
    input:
        unpack(lambda w: training_input(w.study, w.run)),
    output:
        **paths.run_files(SCALE, "{study}", "{run}"),
    log:
        log_of("{study}/runs/{run}"),
    wildcard_constraints:
        run="(?!)",  # makes nothing itself: only its heirs know their snapshots
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="2h",
    params:
        spec=lambda w: specs.canonical_json(spec_of(w.study, w.run)),
        code=lambda w: LINEAGE.trained(w.study, w.run),
    shell:
        "python workflow_scripts/job.py {log} train.py --spec {params.spec:q} --code {params.code} --data $(dirname {input.manifest})"
        " --start {input.start} --threads {threads} --gpus {resources.gpu} --out $(dirname {output.spec})"
