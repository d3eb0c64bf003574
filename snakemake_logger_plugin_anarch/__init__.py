"""The logger plugin ``anarch`` of Snakemake: live progress inside long jobs (``--logger anarch``).

Snakemake imports every installed logger plugin, chosen or not, before it parses its command line.  Two
repairs use that moment, and only in a process that is the program snakemake: targets that an option's list
would swallow are put behind ``--``, and locks of a killed snakemake are cleared.  Nothing here imports
torch, or rich before a bar is drawn.
"""

import sys

from snakemake_logger_plugin_anarch.arguments import (
    separate_targets,
    snakemake_arguments,
    takes_locks,
    working_directory,
)
from snakemake_logger_plugin_anarch.handler import LogHandler
from snakemake_logger_plugin_anarch.locks import claim, has_snakefile

__all__ = ["LogHandler"]


def _repair() -> None:
    arguments = snakemake_arguments(sys.argv)
    if arguments is None:
        return
    sys.argv[1:] = separate_targets(arguments)
    if takes_locks(arguments) and has_snakefile(arguments):
        claim(working_directory(arguments))


try:
    _repair()
except Exception as error:  # a convenience must not keep anybody from running plain Snakemake
    print(f"anarch: the command line and old locks stay as they are: {error!r}", file=sys.stderr)
