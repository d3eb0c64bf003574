"""What can be made, in words: the list of targets, and advice on a target that there is not."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePath


def listing(sentences: Mapping[str, str], others: Iterable[str]) -> str:
    """What ``snakemake --list`` prints: targets with their ``sentences``, then the ``others`` by name."""
    width = max(map(len, sentences), default=0)
    lines = [f"{name:{width}}  {sentence}".rstrip() for name, sentence in sentences.items()]
    rest = sorted(others)
    return "\n".join([*lines, *(["", "Steps on the way there:", *rest] if rest else [])])


def advice(
    target: str, names: Collection[str], files: Collection[str], scale: str, scales: Mapping[str, str]
) -> str:
    """What to type instead of ``target``, of which there is no rule.

    ``names`` of rules and the ``files`` that they make are those of ``scale``; ``scales``: scale -> its
    config file.
    """
    parts = PurePath(target).parts
    if parts[:1] == ("results",) and len(parts) > 2 and parts[1] != scale:
        if parts[1] in scales:
            return f"{target} is of the scale {parts[1]}: add --configfile {scales[parts[1]]}"
        return f"{target}: no config in config/ has the scale {parts[1]!r}; there is {', '.join(scales)}"
    near = ", ".join(nearest(target, files if len(parts) > 1 else names))
    return f"There is no target {target}{near and '; nearest: '}{near}.  All targets: snakemake --list"


def nearest(target: str, known: Iterable[str]) -> list[str]:
    """Those of the ``known`` that ``target`` may mean: spelt alike, else ending in it, else near."""
    spelt = {_plain(name): name for name in known}
    typed = _plain(target)
    if typed in spelt:
        return [spelt[typed]]
    whole = [name for plain, name in spelt.items() if plain.endswith(f"_{typed}")]
    return whole or [spelt[plain] for plain in difflib.get_close_matches(typed, spelt, n=3, cutoff=0.75)]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
