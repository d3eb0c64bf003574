"""The logger plugin ``anarch`` of Snakemake: live progress inside long jobs (``--logger anarch``).

Snakemake imports it, chosen or not, before it parses its command line: the moment for the repairs of
``anarch_snakemake``.  Nothing here imports torch, or rich before a bar is drawn.
"""

from anarch_snakemake import repair
from snakemake_logger_plugin_anarch.handler import LogHandler

__all__ = ["LogHandler"]

repair()
