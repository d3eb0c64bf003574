"""Snakemake's command line, as far as it must be understood before Snakemake itself reads it (9.27.1)."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from anarch_snakemake.lists import LISTS, Values

# Options with which this process runs no job, and so takes no lock.
IDLE = (
    "--dry-run", "--dryrun", "--nolock", "--unlock", "--help", "--version", "--lint", "--list",
    "--list-rules", "--lt", "--list-target-rules", "--print-compilation", "--dag", "--rulegraph",
    "--filegraph", "--d3dag", "--list-conda-envs", "--lc", "--list-changes", "--li", "--list-input-changes",
    "--lp", "--list-params-changes", "--lu", "--list-untracked", "--summary", "--detailed-summary",
    "--archive", "--report", "--containerize", "--generate-unit-tests", "--cleanup-metadata", "--cm",
    "--cleanup-shadow", "--conda-cleanup-envs", "--container-cleanup-images", "--deploy-sources",
)  # fmt: skip
FLAGS = "DFSafhklnptv"  # the one-letter options that take no value and so may be written together: -np
IDLE_FLAGS = "DShlnv"

_PYTHON = re.compile(r"(python|pypy)[\d.]*(\.exe)?", re.IGNORECASE)
_PYTHON_MODULE = re.compile(r"-[A-Za-z]*m")


def snakemake_arguments(command: Sequence[str]) -> list[str] | None:
    """Arguments of snakemake in ``command`` (an interpreter may stand in front); None: another program."""
    words = list(command)
    if words and _PYTHON.fullmatch(os.path.basename(words[0])):
        start = 1
        while start < len(words) and words[start].startswith("-"):
            if _PYTHON_MODULE.fullmatch(words[start]):
                return words[start + 2 :] if words[start + 1 : start + 2] == ["snakemake"] else None
            start += 2 if words[start] in ("-X", "-W") else 1
        words = words[start:]
    if not words:
        return None
    folder, name = os.path.split(words[0])
    is_module = name == "__main__.py" and os.path.basename(folder) == "snakemake"
    return words[1:] if name in ("snakemake", "snakemake.exe") or is_module else None


def separate_targets(arguments: Sequence[str]) -> list[str]:
    """``arguments`` (no program name) with the targets that a list of values would swallow behind ``--``.

    Targets in front of all options move along, for argparse takes targets from one place only.  A target
    that could be a value of the list (one whose name holds ``=`` behind pairs, any but ``all`` behind a list
    of rules) cannot be told from one: it stays, and must come first or behind ``--``.  A line that has its
    ``--``, that Snakemake wrote itself (``--mode``), or in which nothing is swallowed comes back as it was.
    """
    arguments = list(arguments)
    if "--" in arguments or is_spawned(arguments):
        return arguments
    kept: list[str] = []
    swallowed: list[str] = []
    for word, option, place in _in_lists(arguments):
        (kept if option is None or _can_be_value(word, LISTS[option], place) else swallowed).append(word)
    if not swallowed:
        return arguments
    first = next(place for place, word in enumerate(kept) if word.startswith("-"))
    return [*kept[first:], "--", *kept[:first], *swallowed]


def doubt(arguments: Sequence[str]) -> str | None:
    """What to tell of a list of rules or files that a target may have got into; None where there is none."""
    if not arguments or not arguments[0].startswith("-") or "--" in arguments or is_spawned(arguments):
        return None
    read: dict[str, list[str]] = {}
    for word, option, _ in _in_lists(arguments):
        if option is not None and LISTS[option].can_be_target:
            read.setdefault(option, []).append(word)
    for option, words in read.items():
        if len(words) > 1:
            return f"{option} takes all {len(words)} words behind it; a target goes to the end, behind ` -- `"
    return None


def _in_lists(arguments: Sequence[str]) -> Iterator[tuple[str, str | None, int]]:
    """Each word, the option in whose list it stands, if in any, and its place there, counted from 0."""
    option, place = None, 0
    for word in arguments:
        if word.startswith("-"):
            option, place = _list_option(word), 0
            yield word, None, 0
        else:
            yield word, option, place
            place += option is not None and _can_be_value(word, LISTS[option], place)


def _can_be_value(word: str, values: Values, place: int) -> bool:
    return place < values.least or (
        (values.most is None or place < values.most) and values.can_be(word, place)
    )


def missing_config_file(arguments: Sequence[str]) -> str | None:
    """A file that ``--configfile`` names and that is not there: Snakemake answers with its own traceback."""
    words = [word for word, option, _ in _in_lists(arguments) if option in ("--configfile", "--configfiles")]
    return next((word for word in words if not os.path.exists(word)), None)


def is_spawned(arguments: Sequence[str]) -> bool:
    """Whether a snakemake started this one for a single job (``--mode subprocess`` or ``remote``)."""
    return any(mode != "default" for mode in _values(arguments, "--mode"))


def takes_locks(arguments: Sequence[str]) -> bool:
    """Whether snakemake with these ``arguments`` runs jobs under the lock of its working directory."""
    if is_spawned(arguments):
        return False
    for word in _options(arguments):
        letters = word[1:]
        if not word.startswith("--"):
            if set(letters) <= set(FLAGS) and set(letters) & set(IDLE_FLAGS):
                return False
        elif any(_names(word, option) for option in IDLE):
            return False
    return True


def working_directory(arguments: Sequence[str]) -> Path:
    """Where snakemake with these ``arguments`` works; a ``workdir:`` in a Snakefile is not seen."""
    return Path((_values(arguments, "--directory", "-d") or ["."])[-1])


def names_snakefile(arguments: Sequence[str]) -> bool:
    return bool(_values(arguments, "--snakefile", "-s"))


def _options(arguments: Sequence[str]) -> list[str]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [word for word in arguments[:end] if word.startswith("-")]


def _values(arguments: Sequence[str], long: str, short: str | None = None) -> list[str]:
    """Values of an option of one value, in all ways to write it: ``--x V``, ``--x=V``, ``-x V``, ``-xV``."""
    values = []
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for word, following in zip(arguments[:end], [*arguments[1:end], None], strict=False):
        name, equals, value = word.partition("=")
        if _names(name, long) or word == short:
            values.append(value if equals else following)
        elif short and word.startswith(short) and not word.startswith("--"):
            values.append(word.removeprefix(short))
    return [value for value in values if value is not None]


def _names(word: str, option: str) -> bool:
    """Whether ``word``, its value apart, is the long ``option``; argparse also takes a clear beginning."""
    name = word.partition("=")[0]
    return name == option or (len(name) >= len("--dir") and option.startswith(name) and name.startswith("--"))


def _list_option(word: str) -> str | None:
    """The option whose list of values ``word`` opens; None for any other, and for ``--option=value``."""
    if word in LISTS:
        return word
    if not word.startswith("--"):  # -nq is -n -q
        return f"-{word[-1]}" if f"-{word[-1]}" in LISTS and set(word[1:-1]) <= set(FLAGS) else None
    return next((name for name in LISTS if "=" not in word and _names(word, name)), None)
