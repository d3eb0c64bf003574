"""Snakemake's command line, as far as it must be understood before Snakemake itself reads it (9.27.1)."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

# Every option of Snakemake that takes a list of KEY=VALUE words: a target behind such a list is read as one
# more pair, which ends in a raw ValueError.  The second group may have no pair at all.
PAIRS = (
    "--resources", "--res", "--set-threads", "--set-resources", "--set-scatter", "--set-resource-scopes",
    "--consider-ancient", "--groups", "--group-components",
)  # fmt: skip
PAIRS_OR_NONE = ("--default-resources", "--default-res", "--config", "-C")

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
_BASE64 = "base64//"  # how Snakemake hands pairs to the jobs that it starts itself


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
    """``arguments`` (no program name) with the targets that a list of pairs would swallow behind ``--``.

    In the list of an option of KEY=VALUE pairs a word without ``=`` can only be a target.  Targets in front
    of all options move along, for argparse takes targets from one place only.  A target whose own name
    holds ``=`` cannot be told from a pair: it stays, and must come first or behind ``--``.  A line that has
    its ``--``, that Snakemake wrote itself (``--mode``), or in which nothing is swallowed comes back as it
    was.
    """
    arguments = list(arguments)
    if "--" in arguments or is_spawned(arguments):
        return arguments
    kept: list[str] = []
    swallowed: list[str] = []
    option, pairs = None, 0
    for word in arguments:
        if word.startswith("-"):
            option, pairs = _pair_option(word), 0
        elif option and not _is_pair(word) and (pairs or option in PAIRS_OR_NONE):
            swallowed.append(word)
            continue
        else:
            pairs += 1
        kept.append(word)
    if not swallowed:
        return arguments
    first = next(place for place, word in enumerate(kept) if word.startswith("-"))
    return [*kept[first:], "--", *kept[:first], *swallowed]


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


def _pair_option(word: str) -> str | None:
    """The option whose list of pairs ``word`` opens; None for any other, and for ``--option=pair``."""
    if word in (*PAIRS, *PAIRS_OR_NONE):
        return word
    return next((name for name in (*PAIRS, *PAIRS_OR_NONE) if "=" not in word and _names(word, name)), None)


def _is_pair(word: str) -> bool:
    return "=" in word or word.startswith(_BASE64)
