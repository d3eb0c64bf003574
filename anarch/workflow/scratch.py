"""The runs of the scratch study (Neyshabur 2020), from its section of the config.

A *task* is a dataset and all that is trained on it.  A *family* is the experiments of one figure or table;
they share their runs wherever these are the same.
"""

from collections.abc import Mapping
from typing import Any

from anarch.workflow.checks import known_dataset
from anarch.workflow.scratch_grid import BETA, NETWORKS, Experiment, choices, describe, run_name, specs_of
from anarch.workflow.specs import RunSpec

__all__ = [
    "STUDY", "about", "batches", "candidates", "check", "describe", "families", "members", "runs", "twins",
]  # fmt: skip

STUDY = "scratch"
TABLE1 = ("d_conv", "d_local", "d_fc", "s_conv", "s_local", "s_fc", "fc3")
FILTERS = "filters"  # the family whose first layers are shown, Figs. 4 and 7 to 9


def families(task: Mapping[str, Any]) -> dict[str, list[Experiment]]:
    """The experiments behind each figure and table that ``task`` has a part in.

    The first of ``epochs`` is the usual length of training, the last that of Tab. 2 (400 and 4000 in the
    paper; App. A.2).
    """
    first, last = task["epochs"][0], task["epochs"][-1]
    lasso, kernels = task["lasso"], task["kernels"]
    narrow, wide, fixed = (
        (tuple(part["conv"]), tuple(part["fc"])) for part in (lasso, kernels, lasso["permuted"])
    )

    def main(network: str, epochs: int, grid: str = "default") -> Experiment:
        return Experiment(network, task["width"][_size_of(network)], epochs, grid=grid)

    sgd = [main(network, last) for network in ("s_conv", "s_local", "s_fc")]
    sparse = main("s_fc", last)._replace(beta=BETA, shrinks=narrow)
    permuted = [
        experiment._replace(epochs=first, pixels=pixels, grid="permuted")
        for pixels in ("intact", "permuted")
        for experiment in (*sgd, sparse._replace(shrinks=fixed))
    ]
    found = {
        "sweep": [
            Experiment(network, width, first, kernel=3 if network == "resnet18" else None, grid="sweep")
            for network in task["widths"]
            for width in task["widths"][network]
        ],
        "table1": [main(network, epochs, "table1") for epochs in task["epochs"] for network in TABLE1],
        "table2": [*sgd, main("fc3", last), *(sparse._replace(beta=beta) for beta in lasso["betas"])],
        "shrink": [sparse._replace(shrinks=((shrink,), (shrink,))) for shrink in lasso["sweep"]],
        "kernels": [
            Experiment("resnet18", kernels["channels"], kernels["epochs"], kernel, beta, wide, grid="kernels")
            for kernel in kernels["sizes"]
            for beta in (None, BETA)
        ],
        "permuted": permuted,
        "bound": [*sgd, sparse],
        FILTERS: [*sgd[1:], sparse, permuted[-1]],
    }
    return {name: found[name] for name in task.get("families", found)}


def runs(section: Mapping[str, Any]) -> dict[str, RunSpec]:
    """Every training of the study, by its path below ``runs/``."""
    return {
        run: spec
        for name, task in section["tasks"].items()
        for experiments in families(task).values()
        for run, spec in specs_of(name, task, section["norms"], experiments)
    }


def candidates(name: str, task: Mapping[str, Any], experiment: Experiment) -> dict[str, list[str]]:
    """The runs of ``experiment``, one a seed, by their choice of hyperparameters."""
    named = [
        [run_name(name, experiment, choice, seed) for seed in task["seeds"]]
        for choice in choices(experiment, task)
    ]
    return {describe(of_seeds[0])["choice"]: of_seeds for of_seeds in named}


def batches(section: Mapping[str, Any]) -> dict[str, list[str]]:
    """Runs that one job measures: those of one network on one task."""
    result: dict[str, list[str]] = {}
    for run in runs(section):
        result.setdefault(run.split("-")[0].replace("/", "-"), []).append(run)
    return result


def members(section: Mapping[str, Any], family: str) -> list[str]:
    """All candidates of a family, of every task and seed."""
    return [
        run
        for name, task in section["tasks"].items()
        for run, _ in specs_of(name, task, section["norms"], families(task).get(family, ()))
    ]


def twins(section: Mapping[str, Any]) -> list[str]:
    """S-FC of Fig. 10 on intact pixels, by either method, at the first point of its grid."""
    return [
        run_name(name, experiment, choices(experiment, task)[0], seed)
        for name, task in section["tasks"].items()
        for experiment in families(task).get("permuted", ())
        if experiment.network == "s_fc" and experiment.pixels == "intact"
        for seed in task["seeds"]
    ]


def about(config: Mapping[str, Any]) -> str:
    """What stands in captions: the datasets, the scale, and what takes the place of Fast AutoAugment."""
    tasks = config[STUDY]["tasks"].values()
    labels = ", ".join(task["label"] for task in tasks)
    used = {task["training"].get("augment", "none") for task in tasks}
    words = {"none": "no augmentation", "crop": "random crops", "crop_flip": "random crops and mirror images"}
    return f"{labels}, {config['scale']} scale, {' or '.join(words[name] for name in sorted(used))}"


def check(section: Mapping[str, Any], datasets: Mapping[str, Any]) -> None:
    """Raises ValueError, naming the key, for values that the schema cannot tell to be impossible."""
    for name, task in section["tasks"].items():
        key = f"scratch.tasks.{name}"
        _check_datasets(key, task, datasets)
        if set(task["lasso"]["main"]) not in ({"shrink", "threshold"}, {"l1", "beta"}):
            given = ", ".join(task["lasso"]["main"]) or "nothing"
            raise ValueError(f"{key}.lasso.main: needs shrink and threshold, or l1 and beta; it has {given}")
        if sorted(set(task["epochs"])) != task["epochs"]:
            raise ValueError(f"{key}.epochs: {task['epochs']} must rise")
        try:
            runs({**section, "tasks": {name: task}})
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None


def _check_datasets(key: str, task: Mapping[str, Any], datasets: Mapping[str, Any]) -> None:
    for role in ("dataset", "permuted"):
        known_dataset(f"{key}.{role}", task[role], datasets)
    data, permuted = datasets[task["dataset"]], datasets[task["permuted"]]
    if "permute" in data or "permute" not in permuted or {**data, "permute": permuted["permute"]} != permuted:
        raise ValueError(
            f"{key}.permuted: {task['permuted']!r} must be {task['dataset']!r} and `permute: <seed>`"
        )
    if not (data.get("extra") or data.get("held_out")):
        raise ValueError(
            f"{key}.dataset: {task['dataset']!r} has no images to choose hyperparameters by: "
            "give it `extra` (a generated source) or `held_out` (a stored one)"
        )
    if data.get("train", 0) not in (0, task["images"]):
        raise ValueError(
            f"{key}.images: {task['images']}, but datasets.{task['dataset']}.train is {data['train']}"
        )


def _size_of(network: str) -> str:
    """Which of the config's widths a network has: both alphas are shared by three networks each."""
    kind = NETWORKS[network].architecture
    return {"s_conv": "shallow", "d_conv": "deep"}.get(kind, network)
