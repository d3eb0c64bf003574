r"""Make the page of verdicts: a folder that opens from disk without network, and can be sent.

Reads claims.csv, figures, tables, provenances, manifests and timings below the results of one scale; writes
report/index.html, report/tally.txt and copies of what the page shows.

By hand:  python workflow_scripts/report.py --results results/laptop --plan '{"scale": "laptop",
              "options": "", "datasets": [], "figures": ["needle/fig1"], "tables": ["needle/paths"]}'
"""

import argparse
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from anarch.report import claims as verdicts
from anarch.report.page import Picture, Table, render
from anarch.workflow import paths
from anarch.workflow.exhibits import Figure, registers
from anarch.workflow.subsets import named
from shared.artefacts import kept, read_csv, write_text
from shared.descriptions import load_manifest
from shared.integrity import verified, verified_json

PACKAGES = ("snakemake", "pandas", "numpy", "scipy", "matplotlib", "seaborn", "pillow", "jinja2")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, required=True, help="folder of one scale")
    parser.add_argument(
        "--plan", type=json.loads, required=True, help="figures and tables to show, as JSON: see above"
    )
    args = parser.parse_args(argv)
    results, plan = args.results, args.plan
    report = results / "report"
    try:
        claims = verdicts.read(read_csv(report / "claims.csv"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None
    figures = [registered(name) for name in plan["figures"]]
    page = render(
        scale=plan["scale"],
        options=plan["options"],
        claims=claims,
        pictures=[picture(results, figure) for figure in figures],
        tables=[table(results, name) for name in plan["tables"]],
        timings=timings(results / "timings"),
        provenance=provenances(results, {figure.study for figure in figures}),
        manifests=manifests(results, plan["datasets"]),
        packages={name: version(name) for name in PACKAGES},
    )
    for figure in figures:
        for kind in figure.kinds:
            name = f"{figure.name}.{kind}"
            copy(results / figure.study / "figures" / name, report / "figures" / figure.study / name)
    for name in plan["tables"]:
        copy(table_file(results, name), report / "tables" / f"{name}.csv")
    write_text(report / "index.html", page)
    write_text(report / "tally.txt", f"{report / 'index.html'}: {verdicts.tally_text(claims)}\n")


def registered(name: str) -> Figure:
    study, _, figure = name.partition("/")
    return registers()[study].figures[figure]


def picture(results: Path, figure: Figure) -> Picture:
    """A figure with what draw.py left in its PNG."""
    files = {kind: results / figure.study / "figures" / f"{figure.name}.{kind}" for kind in figure.kinds}
    with Image.open(verified(files["png"])) as image:
        return Picture(
            figure,
            {kind: file.stat().st_size for kind, file in files.items()},
            [f"{figure.study}/{table}" for table in figure.tables],
            *image.size,
            dpi=float(image.info["dpi"][0]),
            caption=image.info.get("Description", ""),
            top=float(image.info.get("Caption-Top", 1)),
            sheet=json.loads(image.info.get("Table", "null")),
        )


def table_file(results: Path, name: str) -> Path:
    study, _, table = name.partition("/")
    return results / study / "tables" / f"{table}.csv"


def table(results: Path, name: str) -> Table:
    study, _, short = name.partition("/")
    known = registers()[study].tables[short]
    size = table_file(results, name).stat().st_size
    return Table(name, size, known["row"], known["replicate"], known["columns"])


def timings(folder: Path) -> dict[str, dict[str, str]]:
    """Job -> the row of its timing."""
    found = {}
    for file in sorted(folder.rglob("*.tsv")):
        heads, *rows = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())
        found[str(file.relative_to(folder).with_suffix(""))] = dict(zip(heads, rows[-1], strict=True))
    return found


def provenances(results: Path, studies: set[str]) -> dict[str, list[dict[str, str]]]:
    """Study -> what each of its runs tells of itself; a study that trains by other means has none."""
    found = {}
    for study in sorted(studies):
        files = sorted((results / study / "runs").rglob(paths.PROVENANCE))
        if files:
            found[study] = [verified_json(file) for file in files]
    return found


def manifests(results: Path, datasets: list[str]) -> dict[str, dict[str, Any]]:
    """Those of the config's datasets that were prepared; ``prepared``: checksums of the files of each, which
    are several where seeds draw their own images."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((results / "data").glob(f"*/{paths.MANIFEST}")):
        name = named(file.parent.name)
        if name in datasets:
            manifest = load_manifest(file.parent)
            prepared = found.setdefault(name, {**manifest, "prepared": {}})["prepared"]
            prepared[file.parent.name] = manifest["sha256"]
    return {name: found[name] for name in datasets if name in found}


def copy(source: Path, target: Path) -> None:
    with kept(target) as partial:
        shutil.copyfile(verified(source), partial)


if __name__ == "__main__":
    main()
