"""What anarch mends in Snakemake itself, and nothing that a study is made of.

The logger plugin calls ``repair`` when Snakemake imports it: Snakemake imports every installed package
``snakemake_logger_plugin_*``, chosen or not, before it parses its command line, and has no other hook that
early.  Only a process that is the program snakemake is touched.  Everything here is needed up to and
including Snakemake 9.27.1, the newest version when it was written, and was tried with that version.

- ``arguments``, ``lists``: an option that takes several values reads the targets behind it as more of them.
  ``sys.argv`` gets the missing ``--``.
- ``scheduler``: every finished job starts a chain of timers that wake the scheduler until the run ends.  It
  gets one timer at a time, and none where no job waits for time to pass.
- ``locks``, ``orphans``: a killed snakemake leaves its lock files, and the next one refuses to start, while
  its jobs go on.  Files are removed and jobs ended where their snakemake is surely dead.
What our own Snakefile calls: ``missing``, words of the workflow's for a target that no rule makes;
``outputs``, which stay until they are replaced; ``stopping``, by one signal.
"""

import sys

from anarch_snakemake.arguments import (
    doubt,
    missing_config_file,
    separate_targets,
    snakemake_arguments,
    takes_locks,
    working_directory,
)
from anarch_snakemake.locks import claim, has_snakefile
from anarch_snakemake.scheduler import let_it_sleep

__all__ = ["repair"]


def repair() -> None:
    """Mend what can be mended before Snakemake reads its command line; never raises."""
    arguments = snakemake_arguments(sys.argv)
    if arguments is None:
        return
    try:
        sys.argv[1:] = separate_targets(arguments)
        if warning := doubt(sys.argv[1:]):
            print(f"anarch: {warning}", file=sys.stderr)
        if file := missing_config_file(sys.argv[1:]):
            sys.exit(f"anarch: --configfile: there is no file {file}")
        let_it_sleep()
        if takes_locks(arguments) and has_snakefile(arguments):
            claim(working_directory(arguments))
    except Exception as error:  # a convenience must not keep anybody from running plain Snakemake
        print(f"anarch: Snakemake runs as it is, without our repairs: {error!r}", file=sys.stderr)
