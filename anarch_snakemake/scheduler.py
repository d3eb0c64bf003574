"""A scheduler of Snakemake that sleeps while nothing changes.

Whenever jobs are ready, each pass of ``JobScheduler.schedule`` ends by setting a timer for the next pass,
one timespan of ``--max-jobs-per-timespan`` later (a second by default), and each finished job wakes the
scheduler for one pass more.  So every finished job starts a chain of passes that ends with the run only, and
Snakemake's own process takes more of the machine with every job that it has behind it.
"""

import threading
from typing import Any

import snakemake

# Tried with these; in another version the same names may mean something else, and stay as they are.
KNOWN_VERSIONS = ("9.27.1",)


def let_it_sleep() -> None:
    """Make Snakemake's scheduler set a timer only where time alone can let a job start, and one at once."""
    if snakemake.__version__ not in KNOWN_VERSIONS:
        return
    from snakemake.scheduling.job_scheduler import JobScheduler

    snakemakes_own = JobScheduler._schedule_reevalutation

    def schedule_reevaluation(scheduler: Any, delay: float) -> None:
        if scheduler.workflow.dag.has_unfinished_queue_input_jobs():
            snakemakes_own(scheduler, delay)
            return
        # Starts that this pass counted against the limit: without any, time alone lets no job start.
        counted = scheduler.job_rate_limiter._jobs
        if not counted or getattr(scheduler, "anarch_timer_is_set", False):
            return

        def wake() -> None:
            scheduler.anarch_timer_is_set = False  # before the pass that may need the next one
            scheduler._open_jobs.release()

        scheduler.anarch_timer_is_set = True
        timer = threading.Timer(delay, wake)
        timer.daemon = True  # a run that is over does not wait for it
        timer.start()

    JobScheduler._schedule_reevalutation = schedule_reevaluation
