"""Jobs, times and reasons in few words."""

from collections.abc import Iterable, Mapping

WIDTH = 160  # characters; what is longer is cut, for a reader finds nothing in lines that wrap

# Snakemake's reasons to run a job name every file; these are what they begin with.
_REASONS = {
    "Forced execution": "forced",
    "Missing output files": "output is missing",
    "Incomplete output files": "output is incomplete",
    "Updated input files": "input is newer",
    "Input files updated by another job": "input will be new",
    "Set of input files has changed": "input is another",
    "Code has changed": "code has changed",
    "Params have changed": "params have changed",
    "Software environment definition has changed": "software has changed",
}


def job_name(rule: str, wildcards: Mapping[str, object]) -> str:
    """``needle_relax protocol=sgd seed=0``; a wildcard that the rule's name begins with says nothing new."""
    told = (f"{name}={value}" for name, value in wildcards.items() if not rule.startswith(f"{value}_"))
    return " ".join([rule, *told])


def cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def listed(names: Iterable[str], width: int = WIDTH) -> str:
    """``a, b and 7 more``: as many of the ``names`` as fit."""
    names = list(names)
    shown, length = 0, len(" and 1000 more")
    for name in names:
        length += len(name) + 2
        if shown and length > width:
            break
        shown += 1
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest else "")


def clock(seconds: float) -> str:
    """``0:12``, ``1:02`` or ``1:02:03``"""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasting(seconds: float) -> str:
    """``3.2 s``, ``12 s`` or what a clock shows: seconds of a short job differ by less than one."""
    return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s" if seconds < 99.5 else clock(seconds)


def reason(told: str) -> str:
    """Why a job runs, without the files: of ``all`` Snakemake names thousands."""
    return ", ".join(short for long, short in _REASONS.items() if long in told) or cut(told, 60)


def grouped(counts: Mapping[str, int], families: Iterable[str]) -> str:
    """``needle 47, scratch 12, prepare_data 3``: rules whose names begin with one family, as one."""
    families = list(families)
    found: dict[str, int] = {}
    for rule, count in counts.items():
        family = next((name for name in families if rule == name or rule.startswith(f"{name}_")), rule)
        found[family] = found.get(family, 0) + count
    largest = sorted(found, key=lambda name: -found[name])
    return listed(f"{name} {found[name]}" for name in largest)
