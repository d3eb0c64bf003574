"""The page of verdicts: results/<scale>/report/, a folder that opens from disk and can be sent."""

REPORT = paths.report(SCALE)
REPORT_FIGURES = [one for study in SHOWN for one in REGISTERS[study].figures.values()]
REPORT_TABLES = [(study, name) for study in SHOWN for name in REGISTERS[study].tables]
REPORT_PAGE = [f"anarch/report/{name}" for name in ("page.html.j2", "page.css", "page.js", "compare.js")]
REPORT_TALLY = f"{REPORT}/tally.txt"


rule report:
    # Timings, manifests and the provenance of runs are read as they lie there: whatever made them anew made
    # tables anew, too.
    input:
        claims=paths.claims(SCALE),
        registers=[f"anarch/exhibits/{study}.yaml" for study in SHOWN],
        page=REPORT_PAGE,
        figures=[file for one in REPORT_FIGURES for file in figure_files(one).values()],
        tables=[table(study, name) for study, name in REPORT_TABLES],
    output:
        page=f"{REPORT}/index.html",
        tally=REPORT_TALLY,
        # Copies, so that the folder can be sent.
        figures=[
            f"{REPORT}/figures/{one.study}/{one.name}.{kind}" for one in REPORT_FIGURES for kind in one.kinds
        ],
        tables=[f"{REPORT}/tables/{study}/{name}.csv" for study, name in REPORT_TABLES],
    log:
        log_of("report"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        results=lambda w: f"results/{SCALE}",
        plan=specs.canonical(
            {
                "scale": SCALE,
                "options": configfile_options(),
                "datasets": list(config["datasets"]),
                "figures": [f"{one.study}/{one.name}" for one in REPORT_FIGURES],
                "tables": sorted(f"{study}/{name}" for study, name in REPORT_TABLES),
            }
        ),
        code=LINEAGE.code("report.py"),
    shell:
        "python workflow_scripts/job.py {log} report.py --results {params.results} --plan {params.plan:q}"


# The console's last words, also where nothing was left to do, for which Snakemake calls no hook.
outcome.follow(
    workflow,
    families=SHOWN,
    last_words={"report": REPORT_TALLY, "verify": log_of("verify")},
)
