"""The page of verdicts: results/<scale>/report/, a folder that opens from disk and can be sent."""

REPORT = paths.report(SCALE)
DRAWN = drawn()
SHOWN_TABLES = sorted(
    {name for picture in DRAWN for name in picture["tables"]}
    | {f"{study}/{name}" for study in MADE_BY for name in MADE_BY[study]}
)
REPORT_PAGE = [f"anarch/report/page.{kind}" for kind in ("html.j2", "css", "js")]
REPORT_TALLY = f"{REPORT}/tally.txt"


rule report:
    # Timings, manifests and the provenance of runs are read as they lie there: whatever made them anew made
    # tables anew, too.
    input:
        claims=paths.claims(SCALE),
        registry="anarch/claims/tables.yaml",
        page=REPORT_PAGE,
        figures=[
            f"results/{SCALE}/{picture['study']}/figures/{picture['name']}.{kind}"
            for picture in DRAWN
            for kind in picture["kinds"]
        ],
        tables=[table(*name.split("/", 1)) for name in SHOWN_TABLES],
    output:
        page=f"{REPORT}/index.html",
        tally=REPORT_TALLY,
        # Copies, so that the folder can be sent.
        figures=[
            f"{REPORT}/figures/{picture['study']}/{picture['name']}.{kind}"
            for picture in DRAWN
            for kind in picture["kinds"]
        ],
        tables=[f"{REPORT}/tables/{name}.csv" for name in SHOWN_TABLES],
    log:
        log_of("report"),
    conda:
        "../environment.yml"
    threads: 1
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
                "figures": DRAWN,
                "tables": SHOWN_TABLES,
            }
        ),
        code=code("report.py"),
    shell:
        "python workflow_scripts/report.py --results {params.results} --plan {params.plan:q}"
        " --registry {input.registry} > {log} 2>&1"


# The console's last words, also where nothing was left to do, for which Snakemake calls no hook.
outcome.follow(workflow, families=[*RUNS, "atlas"], last_words={"report": REPORT_TALLY})
