"""Whether artefacts have the bytes that their makers recorded; what is damaged is made again."""

from anarch.workflow import survey
from anarch_snakemake.outputs import keep_until_replaced

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
        "python workflow_scripts/verify.py --results {params.results} > {log} 2>&1"
