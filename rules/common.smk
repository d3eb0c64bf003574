"""Helpers and constraints of all rules; no rule here, and nothing that imports torch."""

import os
import re
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from anarch.workflow import config as checks
from anarch.workflow import (
    atlas,
    bad_minima,
    blessing,
    blessing_toys,
    claims,
    digests,
    embedding,
    environment,
    needle,
    paths,
    raw_data,
    scales,
    scratch,
    specs,
    titles,
)
from snakemake_logger_plugin_anarch import outcome

ROOT = Path(workflow.basedir)

try:
    RUNS = checks.validated(config, ROOT)
    DATA_ROOT = checks.data_root(config)
except checks.ConfigError as error:
    raise WorkflowError(str(error))

SCALE = config["scale"]
environment.prepare(ROOT, DATA_ROOT, config["download"])
NEEDLE = config["needle"]
BAD_MINIMA = config["bad_minima"]
BLESSING = config["blessing"]
EMBEDDING = config["embedding"]
SCRATCH = config["scratch"]
OWN_OPTIMISERS = {
    "beta_lasso": "beta_lasso",
    "proxprop": "gradient_free",
    "evolution": "gradient_free",
}
MADE_BY = {}  # study -> table -> digest of all that the table comes from


wildcard_constraints:
    dataset=r"[a-z][a-z0-9_]*",
    study=r"[a-z][a-z_]*",
    protocol=r"[a-z]+",
    seed=r"\d+",
    setup=r"[a-z][a-z0-9_]*",
    t_w=r"\d+",


def any_of(values):
    """A regular expression that matches each of the values and nothing else."""
    return "|".join(re.escape(str(value)) for value in values) or "(?!)"


@cache
def code(script, *modules):
    """Digest of all code that a job's result can depend on."""
    return digests.code_digest(ROOT, script, modules)


def data_spec(dataset):
    return specs.parse(specs.DataSpec, config["datasets"][dataset])


@cache
def raw_file(dataset):
    """A user's own file is an input, so that an edit of it is seen; a folder of images is not looked through."""
    spec = data_spec(dataset)
    file = Path(DATA_ROOT) / spec.path
    prepared = Path(data_files(dataset)["manifest"]).exists()
    lacks = None if prepared else raw_data.missing(spec, Path(DATA_ROOT), ROOT)
    if lacks and (workflow.executor_plugin is None or workflow.dryrun):
        logger.warning(f"config key datasets.{dataset}: {lacks}")
    elif lacks:
        # Of an exception of its own kind Snakemake would make eight lines.
        raise SystemExit(f"error: config key datasets.{dataset}: {lacks}")
    return str(file) if spec.path and file.is_file() else []


def data_files(dataset):
    """What a job on a dataset waits for; its manifest tells a change of content, so the big file's time does not."""
    folder = paths.dataset_folder(SCALE, dataset)
    return {
        "manifest": f"{folder}/{paths.MANIFEST}",
        "data": ancient(f"{folder}/{paths.DATA}"),
    }


def table(study, name):
    return paths.table(SCALE, study, name)


def figure(study, name):
    """What a rule that draws makes; the picture goes into `snakemake --report`."""
    files = paths.figure_files(SCALE, study, name)
    shown = report(
        files["png"],
        category=study,
        # One label: two of them in a category of two figures make Snakemake's page break.
        labels={"figure": titles.heading(study, name)},
        caption="../report/figure.rst",
    )
    return {**files, "png": shown}


def figures_of(study, names):
    """All files of finished figures, as inputs."""
    return [
        file
        for name in names
        for file in paths.figure_files(SCALE, study, name).values()
    ]


def drawn():
    """Every picture that is drawn: its study, its name, the kinds of its files and the tables behind it."""
    found = []
    for each in workflow.rules:
        if "png" in each.output.keys() and not each.has_wildcards():
            _, _, study, _, file = str(each.output.png).split("/")
            found.append(
                {
                    "study": study,
                    "name": file.removesuffix(".png"),
                    "kinds": [str(made).rsplit(".", 1)[1] for made in each.output],
                    "tables": [paths.table_name(str(file)) for file in each.input],
                }
            )
    return found


def log_of(job):
    return paths.log(SCALE, job)


def timing_of(job):
    return paths.timing(SCALE, job)


def spec_of(study, run):
    """The spec of one run, or a clear word where the config has no such run (a target typed by hand)."""
    try:
        return RUNS[study][run]
    except KeyError:
        raise WorkflowError(
            f"the config has no run {run!r} in study {study!r}; it has {', '.join(RUNS[study])}"
        )


def training_input(study, run):
    """Data and, where the spec has a start, exactly that snapshot of the earlier run."""
    spec = spec_of(study, run)
    start = []
    if spec.start is not None:
        start = f"{paths.run_folder(SCALE, study, spec.start.run)}/{paths.weights_name(spec.start.epoch)}"
    return {**data_files(spec.dataset), "start": start}


def all_data_files(study, runs):
    """What a job on runs of several datasets waits for."""
    return {
        name: files
        for dataset in sorted({spec_of(study, run).dataset for run in runs})
        for name, files in (
            (f"{dataset}_{kind}", file) for kind, file in data_files(dataset).items()
        )
    }


@cache
def lineage(study, run):
    """Digest of all that a run comes from: its spec, its data's, its code, and the lineage of the run it starts from.

    Snakemake does not miss an intermediate file whose products are there, so that a product must itself tell
    when what it was made from has changed: an interrupted training would else leave stale tables behind it.
    """
    spec = spec_of(study, run)
    model = spec.model
    imported = [f"anarch.models.{model.architecture}"]
    imported += ["anarch.lifting.walk"] if model.lift != "none" else []
    imported += ["anarch.training.corrupted"] if spec.corruption is not None else []
    imported += ["anarch.training.poisoned"] if spec.poison is not None else []
    if spec.recipe.optimiser in OWN_OPTIMISERS:
        imported.append(f"anarch.training.{OWN_OPTIMISERS[spec.recipe.optimiser]}")
    return digests.text_digest(
        specs.canonical_json(spec)
        + specs.canonical_json(data_spec(spec.dataset))
        + code("train.py", *imported)
        + ("" if spec.start is None else lineage(study, spec.start.run))
    )


def measuring_code(script, study, runs, *modules):
    """Digest of a job that reads runs: its script, what their names and architectures mean, their lineages."""
    architectures = {
        f"anarch.models.{spec_of(study, run).model.architecture}" for run in runs
    }
    return digests.text_digest(
        code(script, f"anarch.workflow.{study}", *modules, *sorted(architectures))
        + "".join(lineage(study, run) for run in runs)
    )


def histories(study, runs):
    return [paths.run_files(SCALE, study, run)["history"] for run in runs]


def stacking_code(study, name):
    """Digest of a table put together from others."""
    return digests.text_digest(code("stack.py") + MADE_BY[study][name])


def drawing_code(study, *tables):
    """Digest of a figure: how it is drawn, and how its tables were made (see MADE_BY of the study)."""
    return digests.text_digest(
        code("draw.py", f"anarch.figures.{study}")
        + "".join(MADE_BY[study][name] for name in tables)
    )


def finals(study, runs):
    """Final weights and histories of finished runs."""
    files = [paths.run_files(SCALE, study, run) for run in runs]
    return [file[name] for file in files for name in ("final", "history")]


def run_artefacts(study, run):
    """Every file of a finished run."""
    files = paths.run_files(SCALE, study, run, spec_of(study, run).snapshots)
    *single, kept = files.values()
    return [*single, *kept]


def snapshots(study, run, epochs):
    return [
        f"{paths.run_folder(SCALE, study, run)}/{paths.snapshot_name(epoch)}"
        for epoch in epochs
    ]


def configfile_options():
    """What a command needs beside its target to mean this scale."""
    files = [os.path.relpath(file) for file in workflow.configfiles]
    given = [file for file in files if file != scales.DEFAULT]
    return f" --configfile {' '.join(given)}" if given else ""


def about(*datasets):
    """What stands in a figure's caption: the data and the scale."""
    return f"{', '.join(datasets)}, {SCALE} scale"
