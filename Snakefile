"""Every figure and table of five papers on architectural bias and the loss landscape; see README.md."""

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from anarch.workflow import environment, scales

min_version("9.12")

try:
    environment.refuse_elsewhere(Path(workflow.basedir))
    CONFIG_FILE = scales.config_file(
        config.get("scale"), workflow.overwrite_configfiles, Path(workflow.basedir)
    )
except ValueError as error:
    raise WorkflowError(str(error))


# Snakemake lays a --configfile over this one; a scale of its own must stand alone, or setups of both would mix.
if CONFIG_FILE:

    configfile: CONFIG_FILE


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/check.smk"
include: "rules/history.smk"


for study in SHOWN:

    include: f"rules/{study}.smk"


include: "rules/train.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"
include: "rules/studies.smk"
include: "rules/claims.smk"
include: "rules/report.smk"
include: "rules/decide.smk"
include: "rules/integrity.smk"
include: "rules/targets.smk"


# Not on a cluster, which counts what a job uses by its own processes.
onstart:
    if workflow.local_exec and workflow.is_main_process:
        environment.serve_jobs(ROOT)
    if workflow.is_main_process and GRANTED:
        looks.write(GRANTED_FILE, GRANTED)


localrules:
    all,


rule all:
    default_target: True
    input:
        rules.check_arithmetic.output,
        [artefacts(study) for study in SHOWN],
        rules.claims.output,
        rules.report.output,
