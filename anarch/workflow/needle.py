"""The runs of the needle study (d'Ascoli et al. 2019, Sec. 4), from its section of the config.

A *protocol* is the paper's five steps with one architecture, dataset and optimiser: train a CNN, keep
snapshots, lift each, train on in fully-connected space, and train a standard FCN for comparison.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from anarch.workflow.checks import known_dataset
from anarch.workflow.specs import Model, Recipe, RunSpec, Start, parse

STUDY = "needle"
LIFT_OF = {"CNN": "none", "FCN": "fully_connected", "eFCN": "fully_connected", "eLCN": "locally_connected"}
MEMBER = re.compile(
    r"(?P<protocol>[a-z]+)/(?P<model>cnn|fcn|efcn|elcn)(-t(?P<relax_time>\d+))?-s(?P<seed>\d+)"
)


def cnn(protocol: str, seed: int) -> str:
    return f"{protocol}/cnn-s{seed}"


def fcn(protocol: str, seed: int) -> str:
    return f"{protocol}/fcn-s{seed}"


def relaxed(protocol: str, relax_time: int, seed: int, kind: str = "efcn") -> str:
    """Name of the run that leaves the CNN at ``relax_time`` for the space of ``kind`` (efcn or elcn)."""
    return f"{protocol}/{kind}-t{relax_time}-s{seed}"


def describe(run: str) -> dict[str, Any]:
    """What a run's name says: protocol, model (the paper's word), relax_time (None for CNN and FCN), seed."""
    match = MEMBER.fullmatch(run)
    if match is None:
        raise ValueError(f"{run!r} is no run of the needle study")
    model = {"cnn": "CNN", "fcn": "FCN", "efcn": "eFCN", "elcn": "eLCN"}[match["model"]]
    relax_time = None if match["relax_time"] is None else int(match["relax_time"])
    return {
        "protocol": match["protocol"],
        "model": model,
        "relax_time": relax_time,
        "seed": int(match["seed"]),
    }


def members(section: Mapping[str, Any], protocol: str, seed: int) -> list[str]:
    """All runs of one protocol and seed: the CNN, the FCN, and every relaxation."""
    chosen = section["protocols"][protocol]
    return [
        cnn(protocol, seed),
        fcn(protocol, seed),
        *(relaxed(protocol, t, seed) for t in chosen["relax_times"]),
        *(relaxed(protocol, t, seed, "elcn") for t in chosen["local_relax_times"]),
    ]


def triple(section: Mapping[str, Any], seed: int) -> list[str]:
    """The eFCN, the CNN and the FCN between which Sec. C interpolates."""
    return [relaxed("sgd", section["interpolation"]["relax_time"], seed), cnn("sgd", seed), fcn("sgd", seed)]


def traced(section: Mapping[str, Any]) -> list[str]:
    """The wide runs whose path is kept: they feed the path (Fig. 1) and filter (Figs. 6, 7) figures."""
    trace = section["trace"]
    seed = trace["seed"]
    return [fcn("sgd", seed), *(relaxed("sgd", t, seed) for t in trace["relax_times"])]


def runs(section: Mapping[str, Any]) -> dict[str, RunSpec]:
    """Every training of the study, by its path below ``runs/``."""
    return {
        run: spec
        for protocol, chosen in section["protocols"].items()
        for seed in chosen["seeds"]
        for run, spec in _runs_of_seed(section, protocol, seed)
    }


def _runs_of_seed(section: Mapping[str, Any], protocol: str, seed: int) -> Iterator[tuple[str, RunSpec]]:
    chosen = section["protocols"][protocol]
    kept = traced(section)
    for run in members(section, protocol, seed):
        told = describe(run)
        model, relax_time = told["model"], told["relax_time"]
        yield (
            run,
            RunSpec(
                dataset=chosen["dataset"],
                model=parse(Model, {**chosen["model"], "lift": LIFT_OF[model]}),
                recipe=parse(Recipe, chosen[{"CNN": "cnn", "FCN": "fcn"}.get(model, "relaxed")]),
                seed=seed,
                start=None if relax_time is None else Start(run=cnn(protocol, seed), epoch=relax_time),
                snapshots=tuple(
                    section["relax_times"]
                    if model == "CNN"
                    else section["trace"]["epochs"]
                    if run in kept
                    else ()
                ),
            ),
        )


def check(section: Mapping[str, Any], datasets: Sequence[str]) -> None:
    """Raises ValueError, naming the key, for values that the schema cannot tell to be impossible."""
    snapshots, trace = section["relax_times"], section["trace"]
    for name, chosen in section["protocols"].items():
        key = f"needle.protocols.{name}"
        known_dataset(f"{key}.dataset", chosen["dataset"], datasets)
        for step in ("cnn", "fcn", "relaxed"):
            try:
                parse(Recipe, chosen[step])
            except ValueError as error:
                raise ValueError(f"{key}.{step}: {error}") from None
        last = chosen["cnn"]["epochs"]
        if max(snapshots) > last:
            raise ValueError(
                f"needle.relax_times: {max(snapshots)} is past the last epoch, {last}, of {key}.cnn"
            )
        for times in ("relax_times", "local_relax_times"):
            _inside(f"{key}.{times}", chosen[times], "needle.relax_times", snapshots)
    sgd = section["protocols"]["sgd"]
    _inside("needle.trace.seed", [trace["seed"]], "needle.protocols.sgd.seeds", sgd["seeds"])
    _inside(
        "needle.trace.relax_times",
        trace["relax_times"],
        "needle.protocols.sgd.relax_times",
        sgd["relax_times"],
    )
    _inside(
        "needle.interpolation.relax_time",
        [section["interpolation"]["relax_time"]],
        "needle.protocols.sgd.relax_times",
        sgd["relax_times"],
    )
    shortest = min(sgd["relaxed"]["epochs"], sgd["fcn"]["epochs"])
    if max(trace["epochs"]) > shortest:
        raise ValueError(
            f"needle.trace.epochs: {max(trace['epochs'])} is past the last epoch, {shortest}, "
            "of the relaxed runs"
        )


def _inside(key: str, values: Sequence[int], whole_key: str, whole: Sequence[int]) -> None:
    for value in values:
        if value not in whole:
            raise ValueError(f"{key}: {value} is not among {whole_key} ({', '.join(map(str, whole))})")
