"""Nothing damaged is used, nothing good is lost, and nothing goes on behind a run that ends."""

from anarch.workflow import survey
from anarch_snakemake.orphans import mark
from anarch_snakemake.outputs import keep_until_replaced
from anarch_snakemake.stopping import stop_gently

mark()
stop_gently(workflow)

keep_until_replaced(
    workflow,
    damaged=lambda: survey.damaged(Path(f"results/{SCALE}")),
    made=survey.made,
    touched=survey.accept,
)


localrules:
    verify,


rule verify:
    log:
        log_of("verify"),
    conda:
        "../environment.yml"
    params:
        results=f"results/{SCALE}",
    shell:
        "python workflow_scripts/job.py {log} verify.py --results {params.results}"
