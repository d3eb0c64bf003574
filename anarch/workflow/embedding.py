"""The jobs of the embedding study (Zhang et al. 2021), from its section of the config.

None is a training of the common kind: searches and descents are full batch in float64 on fifty points or on
Iris, and Figs. 5 and 6 train one wide network each.  A job is known by its name and told by one JSON text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from anarch.workflow.checks import known_dataset

STUDY = "embedding"
WIDTHS = {"line": (1, 2, 3), "iris": (2,), "iris_bias": (2,)}  # searched: Figs. 3 and 4
MODELS = ("two_layer", "cnn")  # Figs. 5 and 6


def runs(section: Mapping[str, Any]) -> dict[str, Any]:
    """None of the study's jobs goes through the rule that trains."""
    return {}


def describe(run: str) -> dict[str, Any]:
    raise ValueError(f"{run!r} is no run of the embedding study: it has none")


def searches(section: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """``<case>-m<width>`` -> a search for critical points of that width."""
    result = {}
    for case, widths in WIDTHS.items():
        chosen = section["cases"][case]
        for width, starts in zip(widths, chosen["starts"], strict=True):
            data = section["line"] if case == "line" else "iris"
            facts = {"case": case, "data": data, "width": width, "starts": starts, "seed": section["seed"]}
            result[f"{case}-m{width}"] = {**chosen, **facts}
    return result


def of_case(case: str) -> list[str]:
    """Names of the searches of one case."""
    return [f"{case}-m{width}" for width in WIDTHS[case]]


def spectra(section: Mapping[str, Any]) -> dict[str, Any]:
    """The job of Figs. 2 to 4."""
    return {**section["spectra"], "line": section["line"]}


def descents(section: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """``small-s<seed>`` and ``lifted<origin's width>-s<seed>`` -> a descent of the wide network (Fig. 1)."""
    chosen, result = section["descent"], {}
    common = {"width": chosen["width"], "line": section["line"]}
    small, lifted = (
        {key: value for key, value in chosen[start].items() if key not in ("seeds", "origins")}
        for start in ("small", "lifted")
    )
    for seed in chosen["small"]["seeds"]:
        result[f"small-s{seed}"] = {**common, **small, "start": "small", "origin": None, "seed": seed}
    for origin in chosen["lifted"]["origins"]:
        for seed in chosen["lifted"]["seeds"]:
            facts = {"start": "lifted", "origin": origin, "seed": seed}
            result[f"lifted{origin}-s{seed}"] = {**common, **lifted, **facts}
    return result


def reductions(section: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """``<model>-s<seed>`` -> a training of a wide network and its reduction (Figs. 5 and 6).

    ``pictured``: of the first seed, whose groups and predictions the figures show.
    """
    result = {}
    for model in MODELS:
        chosen = dict(section["reduction"][model])
        seeds = chosen.pop("seeds")
        for seed in seeds:
            facts = {"model": model, "seed": seed, "pictured": seed == seeds[0]}
            result[f"{model}-s{seed}"] = {**chosen, **facts}
    return result


def pictured(section: Mapping[str, Any]) -> list[str]:
    """The reductions that Figs. 5(b, d) and 6(b, d) show."""
    return [name for name, spec in reductions(section).items() if spec["pictured"]]


def check(section: Mapping[str, Any], datasets: Sequence[str]) -> None:
    """Raises ValueError, naming the key, for values that the schema cannot tell to be impossible."""
    line = section["line"]
    for name in ("slopes", "heights"):
        if len(line[name]) != len(line["centres"]):
            raise ValueError(
                f"embedding.line.{name}: {len(line[name])} numbers, but {len(line['centres'])} centres; "
                "one of each a step is needed"
            )
    for case, widths in WIDTHS.items():
        starts = section["cases"][case]["starts"]
        if len(starts) != len(widths):
            raise ValueError(
                f"embedding.cases.{case}.starts: {len(starts)} numbers; one each is needed of widths "
                f"{', '.join(map(str, widths))}"
            )
    if section["descent"]["width"] < max(section["descent"]["lifted"]["origins"]):
        raise ValueError(
            f"embedding.descent.width: {section['descent']['width']} neurons are fewer than those of "
            f"embedding.descent.lifted.origins, {max(section['descent']['lifted']['origins'])}"
        )
    for model in MODELS:
        _check_reduction(f"embedding.reduction.{model}", section["reduction"][model], datasets)


def _check_reduction(key: str, chosen: Mapping[str, Any], datasets: Sequence[str]) -> None:
    known_dataset(f"{key}.dataset", chosen["dataset"], datasets)
    every, steps = chosen["record_every"], chosen["steps"]
    for point in chosen["points"]:
        if point > steps or point % every:
            raise ValueError(
                f"{key}.points: {point} is no recorded step; those are multiples of record_every, {every}, "
                f"up to steps, {steps}"
            )
    if chosen["marked"] not in chosen["points"]:
        raise ValueError(f"{key}.marked: {chosen['marked']} is not among points {chosen['points']}")
