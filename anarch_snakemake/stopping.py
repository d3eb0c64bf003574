"""One TERM or one INT, to snakemake alone too, ends a run: its jobs are told, and stop within seconds.

Snakemake 9.27.1 waits without end for running jobs after a TERM; after one INT as well, and after a second it
leaves them running.  Here both signals do the same: nothing new is started, and every job gets a TERM,
upon which a training saves its state.  A second signal kills.  Where others run the jobs (a cluster), a
TERM is what an INT is, and Snakemake cancels them.
"""

import signal
import threading
from typing import Any

import snakemake

# Tried with these; in another version the same names may mean something else, and signals do as ever.
KNOWN_VERSIONS = ("9.27.1",)


def stop_gently(workflow: Any) -> None:
    """Let the jobs of ``workflow``, which end upon a TERM, be ended by the signals that end it."""
    if snakemake.__version__ not in KNOWN_VERSIONS:
        return
    from snakemake.scheduling.job_scheduler import JobScheduler

    snakemakes_own = JobScheduler.schedule

    def schedule(scheduler: Any) -> bool:
        if not scheduler.dryrun:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, scheduler.exit_gracefully)
        return snakemakes_own(scheduler)

    def exit_gracefully(scheduler: Any, number: int, frame: Any) -> None:
        again = scheduler._user_kill is not None
        scheduler._user_kill = (
            "stopped"  # any value ends the run; of "graceful" Snakemake tells at every pass
        )
        if not workflow.local_exec:
            raise KeyboardInterrupt
        # In a thread: the scheduler may hold a lock right here.
        threading.Thread(target=_end, args=(scheduler, signal.Signals(number).name, again)).start()

    JobScheduler.schedule = schedule
    JobScheduler.exit_gracefully = exit_gracefully


def _end(scheduler: Any, name: str, again: bool) -> None:
    from snakemake.logging import logger

    number = len(scheduler.running)
    jobs = f"{number} running job{'s' * (number != 1)}"
    if again:
        logger.warning(f"Stopping at once, by a second signal ({name}): {jobs} killed")
    else:
        logger.warning(
            f"Stopping, by {name}: {jobs} told to end, trainings save their state; a second signal kills"
        )
    for process in _processes(everything=again):
        try:
            process.kill() if again else process.terminate()
        except Exception:  # it has ended by itself
            continue
    scheduler._open_jobs.release()


def _processes(*, everything: bool) -> list[Any]:
    """What runs below the shell of each job; a shell itself waits for that.  Or all that runs below us."""
    import psutil
    from snakemake.shell import shell

    if everything:
        return psutil.Process().children(recursive=True)
    with shell._lock:
        shells = [process.pid for process in shell._processes.values()]
    found = []
    for number in shells:
        try:
            found += psutil.Process(number).children()
        except psutil.NoSuchProcess:
            continue
    return found
