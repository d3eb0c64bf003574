"""The page: verdicts on top, then a section a study, then what it was made with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from anarch.claims.discoveries import RATE
from anarch.report import costs, glossary, words
from anarch.report.claims import VERDICTS, Claim, chance, tally, tally_text
from anarch.workflow.exhibits import Figure, Paper, registers

HERE = Path(__file__).parent
PIXELS_PER_INCH = 118  # at which a figure is shown at most: its 7-point texts are then as high as 11 px
RUN_FACTS = {
    "torch": "PyTorch",
    "python": "Python",
    "device": "device",
    "threads": "threads",
    "git": "code at",
}


@dataclass(frozen=True)
class Picture:
    """A figure as it was drawn: ``files`` by kind (png, svg, gif) with sizes in bytes, names of its tables,
    the png's pixels and dots per inch, the share ``top`` of its height above the caption in it, and its texts
    where it is a table: ``sheet``, as `anarch.figures.rendered.as_text` has them."""

    figure: Figure
    files: Mapping[str, int]
    tables: Sequence[str]
    width: int
    height: int
    dpi: float
    caption: str = ""
    top: float = 1.0
    sheet: Mapping[str, Any] | None = None

    @property
    def study(self) -> str:
        return self.figure.study

    @property
    def target(self) -> str:
        return f"{self.study}_{self.figure.name}"

    @property
    def shown_height(self) -> int:
        """Pixels of the png down to the caption, which the page sets itself."""
        return round(self.height * self.top)

    @property
    def shown_width(self) -> int:
        """Largest width on the page, px: all figures at one scale, so that their texts are equally large."""
        return round(self.width / self.dpi * PIXELS_PER_INCH)

    def path(self, kind: str) -> str:
        return f"figures/{self.study}/{self.figure.name}.{kind}"


@dataclass(frozen=True)
class Table:
    """``needle/measures``: its size in bytes, and what the register says of its rows and columns."""

    name: str
    size: int
    row: str
    replicate: str
    columns: Mapping[str, str]

    @property
    def study(self) -> str:
        return self.name.partition("/")[0]

    @property
    def short(self) -> str:
        return self.name.partition("/")[2]

    @property
    def path(self) -> str:
        return f"tables/{self.name}.csv"


@dataclass(frozen=True)
class Exhibit:
    """A picture with the claims that it bears on: those told here, and those told beside an earlier one."""

    picture: Picture
    told: Sequence[Claim]
    told_elsewhere: Sequence[Claim]


@dataclass(frozen=True)
class Section:
    study: str
    claims: Sequence[Claim]
    exhibits: Sequence[Exhibit]
    loose: Sequence[Claim]  # of no figure that is here
    tables: Sequence[Table]

    @property
    def paper(self) -> Paper | None:
        return registers()[self.study].paper

    @property
    def about(self) -> str:
        return registers()[self.study].about

    @property
    def tally(self) -> dict[str, int]:
        return tally(self.claims)

    @property
    def printed(self) -> list[Claim]:
        """Claims for which the paper prints a number."""
        return [claim for claim in self.claims if claim.paper]


def sections(claims: Sequence[Claim], pictures: Sequence[Picture], tables: Sequence[Table]) -> list[Section]:
    """A section each study that has a figure or a claim, in the order in which they come."""
    here = {picture.target for picture in pictures}
    home = {claim.id: next((name for name in claim.figures if name in here), "") for claim in claims}
    studies = dict.fromkeys([*(p.study for p in pictures), *(claim.study for claim in claims)])
    result = []
    for study in studies:
        of_study = [claim for claim in claims if claim.study == study]
        exhibits = [
            Exhibit(
                picture,
                [claim for claim in claims if home[claim.id] == picture.target],
                [c for c in claims if picture.target in c.figures and home[c.id] != picture.target],
            )
            for picture in pictures
            if picture.study == study
        ]
        loose = [claim for claim in of_study if not home[claim.id]]
        result.append(Section(study, of_study, exhibits, loose, [t for t in tables if t.study == study]))
    return result


def runs_by_study(provenance: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, dict[str, str]]:
    """Study -> number of runs and what they ran on; where runs differ, each value with its number of runs."""
    result = {}
    for study, runs in provenance.items():
        facts = {"runs": str(len(runs))}
        for key, word in RUN_FACTS.items():
            counts = Counter(str(run.get(key, "unknown")) for run in runs).most_common()
            facts[word] = ", ".join(f"{v} ({n})" if len(counts) > 1 else v for v, n in counts)
        result[study] = facts
    return result


def render(
    *,
    scale: str,
    options: str,
    claims: Sequence[Claim],
    pictures: Sequence[Picture],
    tables: Sequence[Table],
    timings: Mapping[str, Mapping[str, str]],
    provenance: Mapping[str, Sequence[Mapping[str, str]]],
    manifests: Mapping[str, Mapping[str, Any]],
    packages: Mapping[str, str],
) -> str:
    """The whole page as HTML; ``options`` follow a target in a command that means this scale."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, VERDICTS=VERDICTS, inline=_inline, glossed=glossary.glossed)
    parts = sections(claims, pictures, tables)
    spent = costs.by_study(timings)
    order = [section.study for section in parts]
    return environment.get_template("page.html.j2").render(
        scale=scale,
        options=options,
        claims=claims,
        tally=tally(claims),
        tally_text=tally_text(claims),
        chance=chance(claims),
        rate=f"{100 * RATE:g}",
        sections=parts,
        by_name={table.name: table for table in tables},
        terms=glossary.TERMS,
        papers={claim.paper_key: claim.paper_name for claim in claims},
        costs={study: spent[study] for study in [*order, *spent] if study in spent},
        cost=costs.total(timings.values()),
        runs=runs_by_study({study: provenance[study] for study in order if study in provenance}),
        manifests=manifests,
        packages=packages,
    )


def _inline(file: str) -> Markup:
    """A neighbouring file's text: the page needs no second request, nor a folder beside it to be readable."""
    return Markup((HERE / file).read_text(encoding="utf-8"))
