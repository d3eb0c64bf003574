"""Words for whoever types a target: what there is, and what was meant by what there is not."""

from anarch.workflow import targets
from anarch_snakemake.missing import explain_missing_rules

SENTENCES = {
    "all": "Everything below",
    "claims": "A verdict on every claim of the papers",
    "report": "The page of verdicts",
    "decide": "The next look at open claims, where it decides most for its CPU time: --config budget=2h",
    "verify": "Whether every artefact has the bytes that its maker recorded",
}
for study in SHOWN:
    SENTENCES[study] = REGISTERS[study].about
    SENTENCES |= {f"{study}_{name}": one.title for name, one in REGISTERS[study].figures.items()}
SENTENCES["check_arithmetic"] = "Whether this machine computes every network as float64 does"
SENTENCES["scratch_select"] = "Which hyperparameters were chosen, by validation images"
SENTENCES["scratch_choose"] = "A config of these alone, on five seeds, to be laid over the scale's own"


def list_targets(only_targets=False):
    """In place of Snakemake's list of all rules by name."""
    others = {each.name: each.has_wildcards() for each in workflow.rules}
    steps = [name for name in others if name not in SENTENCES]
    print(
        targets.listing(
            SENTENCES,
            [name for name in steps if not (only_targets and others[name])],
        )
    )


def advice_on(target):
    plain = [each for each in workflow.rules if not each.has_wildcards()]
    return targets.advice(
        target,
        [each.name for each in plain],
        [str(file) for each in plain for file in each.output],
        SCALE,
        scales.scales(ROOT),
    )


workflow.list_rules = list_targets
explain_missing_rules(advice_on)
