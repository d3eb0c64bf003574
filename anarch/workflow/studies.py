"""The studies: each module has ``runs(section)``, ``describe(run)`` and ``check(section, datasets)``.

It may have ``about(section, scale)``, which captions of its register name as ``{about}``.
"""

from types import ModuleType

from anarch.workflow import bad_minima, blessing, embedding, needle, scratch

STUDIES: dict[str, ModuleType] = {
    study.STUDY: study for study in (needle, bad_minima, embedding, scratch, blessing)
}
