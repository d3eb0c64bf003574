"""The one way to train: rules for the runs of each study, which says which of them keep which snapshots."""

for STUDY, KIND, RULE in [
    (study, kind, rule) for study, trained in TRAINED.items() for kind, rule in trained.items()
]:

    rule:
        name:
            f"{STUDY}_{KIND}"
        input:
            unpack(partial(training_input, STUDY)),
        output:
            **paths.run_files(SCALE, STUDY, "{run}", RULE.get("snapshots", ())),
        log:
            log_of(f"{STUDY}/runs/{{run}}"),
        wildcard_constraints:
            run=RULE["runs"],
        conda:
            "../environment.yml"
        resources:
            gpu=1,
            mem_mb=RULE.get("mem_mb", 4000),
            runtime=RULE.get("runtime", "2h"),
        params:
            spec=partial(training_spec, STUDY),
            code=partial(training_code, STUDY),
        shell:
            "python workflow_scripts/job.py {log} train.py --spec {params.spec:q} --code {params.code}"
            " --data $(dirname {input.manifest}) --start {input.start} --threads {threads} --gpus {resources.gpu}"
            " --out $(dirname {output.spec})"
