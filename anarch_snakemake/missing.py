"""Words of the workflow's own for a target that no rule makes."""

from collections.abc import Callable
from typing import Any


def explain_missing_rules(advice: Callable[[str], str]) -> None:
    """Let Snakemake say ``advice(target)`` where it would say that there is no rule to produce ``target``.

    Of an input that no rule makes it says so in another way.  Advice is asked for only when it is printed:
    while it looks for rules Snakemake raises and catches this exception for every file that lies there.
    """
    from snakemake.exceptions import MissingRuleException

    snakemakes_own = MissingRuleException.__init__

    def initialise(exception: Any, file: Any, *args: Any, **kwargs: Any) -> None:
        snakemakes_own(exception, file, *args, **kwargs)
        exception.target = str(file)

    MissingRuleException.__init__ = initialise
    MissingRuleException.__str__ = lambda exception: advice(exception.target)
