"""Helpers and constraints of all rules; no rule here, and nothing that imports torch."""

import os
import re
import sys
from functools import cache, partial
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from anarch.workflow import config as checks
from anarch.workflow import environment, exhibits, looks, paths, raw_data, scales, specs, subsets
from anarch.workflow.lineage import Lineage, combined, source_of
from anarch.workflow.studies import STUDIES
from snakemake_logger_plugin_anarch import outcome

ROOT = Path(workflow.basedir)

BUDGET = config.pop("budget", "1h")  # of `snakemake decide`, by the clock
GRANTED_FILE = Path(paths.granted(config.get("scale")))

try:
    GRANTED = looks.read(GRANTED_FILE)
    config.update(looks.with_seeds(config, GRANTED))
    RUNS = checks.validated(config, ROOT)
    if "decide" in sys.argv[1:]:
        # Not for other targets: it imports scipy.
        from anarch.workflow import deciding

        more, lines = deciding.plan(config, looks.seconds(BUDGET) * (workflow.resource_settings.cores or 1))
        GRANTED |= more
        config.update(looks.with_seeds(config, more))
        RUNS = checks.validated(config, ROOT)
        logger.warning("\n".join(lines))
    DATA_ROOT = checks.data_root(config)
    REGISTERS = exhibits.registers()
    if lacking := STUDIES.keys() - REGISTERS.keys():
        raise ValueError(f"there is no register anarch/exhibits/{min(lacking)}.yaml")
except ValueError as error:
    raise WorkflowError(str(error))

SCALE = config["scale"]
LINEAGE = Lineage(ROOT, config["datasets"], RUNS)
SHOWN = [*STUDIES, *(study for study in REGISTERS if study not in STUDIES)]
# What the rules of each study say of it: table -> digest of all that the table comes from, table -> the tables
# that are put one under the other to make it, artefacts that are neither figure nor table nor run, and rules
# that train: kind -> which runs, as a regular expression, which snapshots they keep, and what they ask for.
DIGESTS, STACKED, KEPT, TRAINED = {}, {}, {}, {}


wildcard_constraints:
    dataset=r"[a-z][a-z0-9_]*(-s\d+)?",
    study=r"[a-z][a-z_]*",
    protocol=r"[a-z]+",
    seed=r"\d+",
    setup=r"[a-z][a-z0-9_]*",
    t_w=r"\d+",


def any_of(values):
    """A regular expression that matches each of the values and nothing else."""
    return "|".join(re.escape(str(value)) for value in values) or "(?!)"


def data_spec(prepared):
    return subsets.data_spec(config["datasets"], prepared)


def raw_file(prepared):
    """A user's own file is an input, so that an edit of it is seen; a folder of images is not looked through."""
    spec = data_spec(prepared)
    file = Path(DATA_ROOT) / spec.path
    if not Path(data_files(prepared)["manifest"]).exists():
        tell_missing(subsets.named(prepared))
    return str(file) if spec.path and file.is_file() else []


@cache
def tell_missing(dataset):
    """Say once what a dataset of the config lacks, before any job starts."""
    lacks = raw_data.missing(data_spec(dataset), Path(DATA_ROOT), ROOT)
    if lacks and (workflow.executor_plugin is None or workflow.dryrun):
        logger.warning(f"config key datasets.{dataset}: {lacks}")
    elif lacks:
        # Of an exception of its own kind Snakemake would make eight lines.
        raise SystemExit(f"error: config key datasets.{dataset}: {lacks}")


def data_of_seed(dataset, seed):
    """What a job of one seed on a dataset of the config waits for."""
    return data_files(subsets.dataset_of(config["datasets"], dataset, int(seed)))


def data_files(prepared):
    """What a job on a prepared dataset waits for; its manifest tells a change of content, so the big file's time
    does not."""
    folder = paths.dataset_folder(SCALE, prepared)
    return {
        "manifest": f"{folder}/{paths.MANIFEST}",
        "data": ancient(f"{folder}/{paths.DATA}"),
    }


def table(study, name):
    return paths.table(SCALE, study, name)


def tables(study):
    """The tables of a study's register."""
    return [table(study, name) for name in REGISTERS[study].tables]


def figure_files(figure):
    """Kind -> file of a figure of a register."""
    stem = paths.figure_files(SCALE, figure.study, figure.name)["png"][: -len(".png")]
    return {kind: f"{stem}.{kind}" for kind in figure.kinds}


def drawn(figure):
    """What a rule that draws makes; the picture goes into `snakemake --report`."""
    files = figure_files(figure)
    shown = report(
        files["png"],
        category=figure.study,
        # One label: two of them in a category of two figures make Snakemake's page break.
        labels={"figure": figure.heading},
        caption="../report/figure.rst",
    )
    return {**files, "png": shown}


def about(figure):
    """What the caption of a figure says of its data."""
    section = config[figure.study]
    own = getattr(STUDIES.get(figure.study), "about", None)
    words = {"about": own(config)} if own else {}
    try:
        return exhibits.caption(figure, section, scale=SCALE, **words)
    except ValueError as error:
        raise WorkflowError(str(error))


def digests_of(study, names):
    """Digests of tables, which the rules of their study give."""
    try:
        return [DIGESTS[study][name] for name in names]
    except KeyError as error:
        raise WorkflowError(
            f"anarch/exhibits/{study}.yaml has a table {error}, and no rule gives DIGESTS[{study!r}] of it"
        )


def artefacts(study):
    """Every artefact of a study, so that one that was deleted is made again, not only what it feeds."""
    return [
        *(file for figure in REGISTERS[study].figures.values() for file in figure_files(figure).values()),
        *tables(study),
        *(file for run in RUNS.get(study, ()) for file in run_artefacts(study, run)),
        *KEPT.get(study, ()),
    ]


def log_of(job):
    return paths.log(SCALE, job)


def spec_of(study, run):
    """The spec of one run, or a clear word where the config has no such run (a target typed by hand)."""
    try:
        return RUNS[study][run]
    except KeyError:
        raise WorkflowError(
            f"the config has no run {run!r} in study {study!r}; it has {', '.join(RUNS[study])}"
        )


def training_input(study, wildcards):
    """Data and, where the spec has a start, exactly that snapshot of the earlier run."""
    spec = spec_of(study, wildcards.run)
    start = []
    if spec.start is not None:
        start = f"{paths.run_folder(SCALE, study, spec.start.run)}/{paths.weights_name(spec.start.epoch)}"
    return {**data_files(spec.dataset), "start": start}


def training_spec(study, wildcards):
    return specs.canonical_json(spec_of(study, wildcards.run))


def training_code(study, wildcards):
    return LINEAGE.trained(study, wildcards.run)


def all_data_files(study, runs):
    """What a job on runs of several datasets waits for."""
    return {
        name: files
        for dataset in sorted({spec_of(study, run).dataset for run in runs})
        for name, files in ((f"{dataset}_{kind}", file) for kind, file in data_files(dataset).items())
    }


def histories(study, runs):
    return [paths.run_files(SCALE, study, run)["history"] for run in runs]


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
    return [f"{paths.run_folder(SCALE, study, run)}/{paths.snapshot_name(epoch)}" for epoch in epochs]


def configfile_options():
    """What a command needs beside its target to mean this scale."""
    files = [os.path.relpath(file) for file in workflow.configfiles]
    given = [file for file in files if file != scales.DEFAULT]
    return f" --configfile {' '.join(given)}" if given else ""


environment.prepare(ROOT, DATA_ROOT, config["download"], f"snakemake --cores 1{configfile_options()} --")
