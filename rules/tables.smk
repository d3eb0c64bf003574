"""Tables that are put together from others of the same columns: a rule for each that the studies name."""

for STUDY, TABLE, PARTS in [
    (study, name, parts) for study, stacked in STACKED.items() for name, parts in stacked.items()
]:

    rule:
        name:
            f"{STUDY}_{TABLE}"
        input:
            [table(STUDY, part) for part in PARTS],
        output:
            table(STUDY, TABLE),
        log:
            log_of(f"{STUDY}/{TABLE}"),
        conda:
            "../environment.yml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=LINEAGE.stacked(*digests_of(STUDY, [TABLE])),
        shell:
            "python workflow_scripts/job.py {log} stack.py {input} --out {output}"
