"""Figures and printed tables: a rule for each that the registers have, small tables in, one picture out."""

for FIGURE in [one for study in SHOWN for one in REGISTERS[study].figures.values()]:

    rule:
        name:
            f"{FIGURE.study}_{FIGURE.name}"
        input:
            [table(FIGURE.study, name) for name in FIGURE.tables],
        output:
            **drawn(FIGURE),
        log:
            log_of(f"{FIGURE.study}/figures/{FIGURE.name}"),
        conda:
            "../environment.yml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            about=about(FIGURE),
            code=LINEAGE.drawn(FIGURE.study, digests_of(FIGURE.study, FIGURE.tables)),
        shell:
            "python workflow_scripts/job.py {log} draw.py $(basename $(dirname $(dirname {output.png}))).$(basename {output.png} .png)"
            " --tables {input} --about {params.about:q} --png {output.png} --svg {output.svg}"
