"""The runs of the needle study (d'Ascoli et al. 2019, Sec. 4), from its section of the config.

A *protocol* is the paper's five steps with one architecture, dataset and optimiser: train a CNN, keep
snapshots, lift each, train on in fully-connected space, and train a standard FCN for comparison.  Beside the
paper's: the CNN itself, trained on from its snapshots as the lifted networks are, as their control, and an
FCN that starts as the authors', whose fan_in counts columns on padding.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from anarch.workflow.checks import known_dataset
from anarch.workflow.specs import Model, Recipe, RunSpec, Start, parse

STUDY = "needle"
LIFT_OF = {
    "CNN": "none",
    "FCN": "fully_connected",
    "padded FCN": "fully_connected",
    "eFCN": "fully_connected",
    "eLCN": "locally_connected",
    "continued CNN": "none",
}
STEP_OF = {  # the protocol's recipe of each
    "CNN": "cnn",
    "FCN": "fcn",
    "padded FCN": "fcn",
    "eFCN": "relaxed",
    "eLCN": "relaxed",
    "continued CNN": "relaxed",
}
MEMBER = re.compile(
    r"(?P<protocol>[a-z]+)/(?P<model>cnn|fcn|padded-fcn|efcn|elcn|continued-cnn)(-t(?P<relax_time>\d+))?-s(?P<seed>\d+)"
)


@dataclass(frozen=True)
class Run:
    """The facts of a run."""

    protocol: str
    model: str  # the paper's word: CNN, FCN, eFCN or eLCN; or padded FCN or continued CNN
    relax_time: int | None  # epoch at which it leaves the CNN; None for CNN and FCNs
    seed: int

    @property
    def name(self) -> str:
        left = "" if self.relax_time is None else f"-t{self.relax_time}"
        return f"{self.protocol}/{_slug(self.model)}{left}-s{self.seed}"


def _slug(model: str) -> str:
    return model.lower().replace(" ", "-")


def describe(run: str) -> dict[str, Any]:
    """The facts of a run that is known by its name only, as jobs on finished runs know them."""
    match = MEMBER.fullmatch(run)
    if match is None:
        raise ValueError(f"{run!r} is no run of the needle study")
    models = {_slug(model): model for model in LIFT_OF}
    relax_time = None if match["relax_time"] is None else int(match["relax_time"])
    return asdict(Run(match["protocol"], models[match["model"]], relax_time, int(match["seed"])))


def cnn(protocol: str, seed: int) -> str:
    """Name of the CNN that a protocol begins with."""
    return Run(protocol, "CNN", None, seed).name


def members(section: Mapping[str, Any], protocol: str, seed: int) -> list[str]:
    """All runs of one protocol and seed: the CNN, the FCNs, every relaxation, and the CNN trained on."""
    return [run.name for run in _members(section, protocol, seed)]


def _members(section: Mapping[str, Any], protocol: str, seed: int) -> list[Run]:
    chosen = section["protocols"][protocol]
    return [
        Run(protocol, "CNN", None, seed),
        Run(protocol, "FCN", None, seed),
        *([Run(protocol, "padded FCN", None, seed)] if chosen["padded_fcn"] else []),
        *(Run(protocol, "eFCN", t, seed) for t in chosen["relax_times"]),
        *(Run(protocol, "eLCN", t, seed) for t in chosen["local_relax_times"]),
        *(Run(protocol, "continued CNN", t, seed) for t in chosen["continued_times"]),
    ]


def triple(section: Mapping[str, Any], seed: int) -> list[str]:
    """The eFCN, the CNN and the FCN between which Sec. C interpolates."""
    facts = (("eFCN", section["interpolation"]["relax_time"]), ("CNN", None), ("FCN", None))
    return [Run("sgd", model, relax_time, seed).name for model, relax_time in facts]


def traced(section: Mapping[str, Any]) -> list[str]:
    """The wide runs whose path is kept: they feed the path (Fig. 1) and filter (Figs. 6, 7) figures."""
    trace = section["trace"]
    facts = (("FCN", None), *(("eFCN", t) for t in trace["relax_times"]))
    return [Run("sgd", model, relax_time, trace["seed"]).name for model, relax_time in facts]


def runs(section: Mapping[str, Any]) -> dict[str, RunSpec]:
    """Every training of the study, by its path below ``runs/``."""
    return {
        run.name: _spec(section, run)
        for protocol, chosen in section["protocols"].items()
        for seed in chosen["seeds"]
        for run in _members(section, protocol, seed)
    }


def _spec(section: Mapping[str, Any], run: Run) -> RunSpec:
    chosen, snapshots = section["protocols"][run.protocol], ()
    if run.model == "CNN":
        snapshots = section["relax_times"]
    elif run.name in traced(section):
        snapshots = section["trace"]["epochs"]
    begun = None if run.relax_time is None else Start(run=cnn(run.protocol, run.seed), epoch=run.relax_time)
    space = {"lift": LIFT_OF[run.model], "padded_start": run.model == "padded FCN"}
    return RunSpec(
        dataset=chosen["dataset"],
        model=parse(Model, {**chosen["model"], **space}),
        recipe=parse(Recipe, chosen[STEP_OF[run.model]]),
        seed=run.seed,
        start=begun,
        snapshots=tuple(snapshots),
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
        for times in ("relax_times", "local_relax_times", "continued_times"):
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
