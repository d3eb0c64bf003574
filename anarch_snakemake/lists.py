"""Options of Snakemake 9.27.1 that take several values, or one or none, and what can be a value of each.

Such an option takes all words that follow it, up to the next option: a target behind it becomes one of them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

_BASE64 = "base64//"  # how Snakemake hands pairs to the jobs that it starts itself


@dataclass(frozen=True)
class Values:
    """``can_be``: whether a word at a place, counted from 0, can be a value rather than a target."""

    can_be: Callable[[str, int], bool]
    least: int = 1  # words that are values whatever they look like
    most: int | None = None
    can_be_target: bool = False  # whether values and targets look alike


def _pair(word: str, place: int) -> bool:
    return "=" in word or word.startswith(_BASE64)


def _rule_or_file(word: str, place: int) -> bool:
    return word != "all"


def _variable(word: str, place: int) -> bool:
    return word.isupper() or word in os.environ


def _one_of(*choices: str) -> Callable[[str, int], bool]:
    return lambda word, place: word in choices


def _ending_in(*endings: str) -> Callable[[str, int], bool]:
    return lambda word, place: word.endswith(endings)


def _plugin(kind: str, *built_in: str) -> Callable[[str, int], bool]:
    def installed(word: str, place: int) -> bool:
        name = f"snakemake_{kind}_plugin_{word.replace('-', '_')}"
        return word in built_in or (name.isidentifier() and find_spec(name) is not None)

    return installed


def _quietness(word: str, place: int) -> bool:
    return word in ("host", "progress", "reason", "rules") or (word == "all" and not place)


_GRAPHS = Values(_one_of("dot", "mermaid-js"), least=0, most=1)
_LIKE_TARGETS = Values(_rule_or_file, can_be_target=True)

LISTS = {
    **dict.fromkeys(
        ("--resources", "--res", "--set-threads", "--set-resources", "--set-scatter", "--set-resource-scopes",
         "--consider-ancient", "--groups", "--group-components"),
        Values(_pair),
    ),
    **dict.fromkeys(("--default-resources", "--default-res", "--config", "-C"), Values(_pair, least=0)),
    **dict.fromkeys(("--configfile", "--configfiles"), Values(_ending_in(".yaml", ".yml", ".json"))),
    **dict.fromkeys(
        ("--forcerun", "-R", "--prioritize", "-P", "--until", "-U", "--omit-from", "-O", "--allowed-rules",
         "--cache", "--preemptible-rules", "--cleanup-metadata", "--cm", "--wait-for-files",
         "--unneeded-temp-files", "--omit-flags", "--target-jobs"),
        _LIKE_TARGETS,
    ),
    "--envvars": Values(_variable),
    "--rerun-triggers": Values(_one_of("code", "input", "mtime", "params", "software-env")),
    "--strict-dag-evaluation": Values(_one_of("cyclic-graph", "functions", "periodic-wildcards")),
    "--shared-fs-usage": Values(
        _one_of("input-output", "persistence", "software-deployment", "software-deployment-cache",
                "source-cache", "sources", "storage-local-copies", "none")
    ),
    **dict.fromkeys(
        ("--software-deployment-method", "--deployment-method", "--deployment", "--sdm"),
        Values(_one_of("apptainer", "conda", "env-modules")),
    ),
    **dict.fromkeys(("--quiet", "-q"), Values(_quietness, least=0)),
    "--logger": Values(_plugin("logger")),
    "--scheduler": Values(_plugin("scheduler", "greedy", "ilp"), least=0, most=1),
    **dict.fromkeys(("--dag", "--rulegraph"), _GRAPHS),
    "--lint": Values(_one_of("text", "json"), least=0, most=1),
    "--containerize": Values(_one_of("dockerfile", "apptainer"), least=0, most=1),
    "--conda-cleanup-pkgs": Values(_one_of("tarballs", "cache"), least=0, most=1),
    "--report": Values(_ending_in(".html", ".zip"), least=0, most=1),
    "--generate-unit-tests": Values(_rule_or_file, least=0, most=1),
}  # fmt: skip
