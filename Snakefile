"""Every figure and table of five papers on architectural bias and the loss landscape; see README.md."""

from snakemake.utils import min_version

min_version("9.12")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/figures.smk"
include: "rules/needle.smk"
include: "rules/needle_figures.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        rules.needle.input,
