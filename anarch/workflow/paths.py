"""Where each artefact lies below ``results/<scale>/``; every path of the workflow is spelt here once."""

from collections.abc import Iterable

SPEC, HISTORY, FINAL, PROVENANCE = "spec.json", "history.csv", "final.safetensors", "provenance.json"
DATA, MANIFEST = "data.safetensors", "manifest.json"
NETWORKS = "networks.safetensors"  # of a toy job that trains many at once


def dataset_folder(scale: str, dataset: str) -> str:
    return f"results/{scale}/data/{dataset}"


def run_folder(scale: str, study: str, run: str) -> str:
    return f"results/{scale}/{study}/runs/{run}"


def snapshot_name(epoch: int | str) -> str:
    return f"snapshots/epoch{epoch}.safetensors"


def weights_name(epoch: int | None) -> str:
    """Where a run keeps its weights at ``epoch``; None: its final ones."""
    return FINAL if epoch is None else snapshot_name(epoch)


def run_files(scale: str, study: str, run: str, snapshots: Iterable[int] = ()) -> dict[str, str | list[str]]:
    """The files that a finished training leaves, by name."""
    folder = run_folder(scale, study, run)
    return {
        "spec": f"{folder}/{SPEC}",
        "history": f"{folder}/{HISTORY}",
        "final": f"{folder}/{FINAL}",
        "provenance": f"{folder}/{PROVENANCE}",
        "snapshots": [f"{folder}/{snapshot_name(epoch)}" for epoch in snapshots],
    }


def table(scale: str, study: str, name: str) -> str:
    return f"results/{scale}/{study}/tables/{name}.csv"


def figure_files(scale: str, study: str, figure: str) -> dict[str, str]:
    stem = f"results/{scale}/{study}/figures/{figure}"
    return {"png": f"{stem}.png", "svg": f"{stem}.svg"}


def report(scale: str) -> str:
    """Folder of what sums up all studies."""
    return f"results/{scale}/report"


def claims(scale: str) -> str:
    return f"{report(scale)}/claims.csv"


def granted(scale: str) -> str:
    """Seeds beyond the config's, by `snakemake decide`."""
    return f"results/{scale}/seeds.json"


def arithmetic(scale: str) -> str:
    return f"{report(scale)}/arithmetic.csv"


def log(scale: str, job: str) -> str:
    return f"results/{scale}/logs/{job}.log"


def timing_of_log(log: str) -> str:
    """Where the time of the job is told whose output is in ``log``."""
    return log.replace("/logs/", "/timings/", 1).removesuffix(".log") + ".tsv"
