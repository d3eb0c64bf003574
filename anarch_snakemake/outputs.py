"""Outputs that stay until they are replaced, and damaged ones that are made again.

Snakemake removes a job's outputs before it starts, and again where it fails, for they might be half-written:
good results go because another file was bad.  Of a workflow in which every output is written under another
name and renamed when it is whole, they can stay: what is left to tell is that a failed job is to run again,
and that Snakemake's own mark of an incomplete output says, which it also leaves where it is killed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import snakemake

# Tried with these; in another version the same names may mean something else, and outputs go as ever.
KNOWN_VERSIONS = ("9.27.1",)
NAMED = 5  # damaged files; a whole folder of them, as of an older build, is told in numbers


def keep_until_replaced(
    workflow: Any,
    *,
    damaged: Callable[[], Mapping[str, str]],
    made: Callable[[Iterable[str]], None],
    touched: Callable[[Iterable[str]], None],
) -> None:
    """For our own workflow: its jobs replace their outputs, and make those again that are ``damaged``.

    ``damaged`` tells what is wrong with which file; ``made`` is told the outputs of every job that has ended
    well, ``touched`` those of one that the user takes as done (``--touch``).
    """
    if snakemake.__version__ not in KNOWN_VERSIONS:
        return
    _remake(workflow, damaged)
    _replace(workflow, made, touched)


def _remake(workflow: Any, damaged: Callable[[], Mapping[str, str]]) -> None:
    from snakemake.logging import logger

    snakemakes_own = workflow._build_dag

    def build_dag() -> None:
        if not workflow.is_main_process:
            return snakemakes_own()
        # Nothing half-written has a final name, so what a stopped job left needs no word of the user's.
        workflow.dag_settings.force_incomplete = True
        wrong = damaged()
        workflow.dag.forcefiles.update(wrong)
        snakemakes_own()
        asked_for = {str(file) for job in workflow.dag.jobs for file in job.output}
        again = sorted(wrong.keys() & asked_for)
        for file in again[:NAMED]:
            logger.warning(f"{file} {wrong[file]}: it is made again")
        if len(again) > NAMED:
            logger.warning(f"... and so are {len(again) - NAMED} more files; `make verify` names all")

    workflow._build_dag = build_dag


def _replace(
    workflow: Any, made: Callable[[Iterable[str]], None], touched: Callable[[Iterable[str]], None]
) -> None:
    from snakemake.jobs import Job

    snakemakes_own = Job.postprocess

    async def postprocess(job: Any, *args: Any, error: bool = False, **kwargs: Any) -> None:
        if error:
            return  # Snakemake would remove outputs, and with them the mark that they are incomplete
        await snakemakes_own(job, *args, **kwargs)
        if workflow.is_main_process:
            (touched if workflow.touch else made)([str(file) for file in job.output])

    async def remove_old_log(job: Any) -> None:
        for file in job.log:
            await file.remove()

    Job.postprocess = postprocess
    Job.remove_existing_output = remove_old_log
