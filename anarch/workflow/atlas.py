"""The jobs of the atlas: which networks of which studies are measured together, and how each is called.

A network is the end of a run on its own training set.  Runs on random labels are left out: theirs is the
minimum of another set.  The study `embedding` keeps no weights of the classifiers that it trains.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from anarch.workflow.specs import RunSpec, Start, canonical, plain
from anarch.workflow.studies import STUDIES

UNSEEN = ("test_every", "check_every")  # change no weight
EFFORT = ("images", "points", "directions", "rise", "hessian_tolerance", "radius_tolerance")


class Job(NamedTuple):
    """Networks that one job measures: ends of ``runs`` of one study and seed."""

    study: str
    runs: tuple[str, ...]


def jobs(section: Mapping[str, Any], runs: Mapping[str, Mapping[str, RunSpec]]) -> dict[str, Job]:
    """``<study>-s<seed>-<part>`` -> job, of at most ``section["chunk"]`` networks.

    ``runs``: study -> run -> spec.  By seed, so that a further one makes no other job stale.
    """
    result, chunk = {}, section["chunk"]
    for study in section["studies"]:
        of_seed: dict[int, list[str]] = {}
        for run, spec in runs[study].items():
            if spec.corruption is None:
                of_seed.setdefault(spec.seed, []).append(run)
        for seed, names in of_seed.items():
            for part, first in enumerate(range(0, len(names), chunk)):
                result[f"{study}-s{seed}-{part}"] = Job(study, tuple(names[first : first + chunk]))
    return result


def effort(section: Mapping[str, Any]) -> str:
    """How precisely every network is measured: `anarch.atlas.measures.Effort` as JSON."""
    return canonical({name: section[name] for name in EFFORT})


def networks(job: Job, runs: Mapping[str, RunSpec]) -> str:
    """What stands beside the measures of each network of ``job``, as JSON; ``runs``: its study's."""
    return json.dumps(
        [told(job.study, run, runs[run]) for run in job.runs], sort_keys=True, separators=(",", ":")
    )


def told(study: str, run: str, spec: RunSpec) -> dict[str, str]:
    """A network's run, its group within the study (its dataset parts it), what it is, and how it was made."""
    return {
        "run": run,
        "group": run.rpartition("/")[0],
        "what": _WHAT[study](STUDIES[study].describe(run)),
        "settings": canonical(settings(spec)),
    }


def settings(spec: RunSpec) -> dict[str, Any]:
    """What can differ between two networks of one seed and dataset, by name.

    Where a run began is one setting, and so is its poison; how often it was looked at is none.
    """
    data = plain(spec)
    model, recipe, start = data["model"], data["recipe"], data.get("start")
    return {
        **{f"model.{key}": value for key, value in model.items() if key != "options"},
        **{f"model.{key}": value for key, value in model.get("options", {}).items()},
        **{f"recipe.{key}": value for key, value in recipe.items() if key not in UNSEEN},
        **({"start": f"{start['run']}@{start.get('epoch', 'end')}"} if start else {}),
        **({"poison.beta": data["poison"]["beta"]} if "poison" in data else {}),
    }


def starts(runs: Mapping[str, RunSpec], job: Job) -> list[Start]:
    """Where those of a job's runs began that began from an earlier run."""
    return [start for run in job.runs if (start := runs[run].start) is not None]


def _of_needle(run: Mapping[str, Any]) -> str:
    return run["model"] if run["relax_time"] is None else f"{run['model']}, t_w = {run['relax_time']}"


def _of_bad_minima(run: Mapping[str, Any]) -> str:
    start = "random" if run["replicas"] is None else f"adversarial, R = {run['replicas']}"
    return f"{run['mode']}, {start}"


def _of_scratch(run: Mapping[str, Any]) -> str:
    kernel = "" if run["kernel"] is None else f", kernel {run['kernel']}"
    return f"{run['network']}, width {run['width']}{kernel}, {run['choice']}, {run['epochs']} epochs"


def _of_blessing(run: Mapping[str, Any]) -> str:
    if run["part"] == "poisoned":
        return f"beta = {run['beta']:g}"
    return str(run.get("label", run["method"]))


_WHAT: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "needle": _of_needle,
    "bad_minima": _of_bad_minima,
    "scratch": _of_scratch,
    "blessing": _of_blessing,
}
