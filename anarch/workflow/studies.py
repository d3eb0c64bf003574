"""The studies by name; each module has ``runs(section)``, ``describe(run)`` and ``check(section, names)``."""

from types import ModuleType

from anarch.workflow import bad_minima, embedding, needle

STUDIES: dict[str, ModuleType] = {study.STUDY: study for study in (needle, bad_minima, embedding)}
