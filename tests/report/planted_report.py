"""A planted scale: pictures, tables, claims and what jobs leave beside them, and the page made of it."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from anarch.claims.verdicts import COLUMNS
from anarch.workflow.exhibits import registers

ROOT = Path(__file__).parents[2]
# As anarch.figures.rendered writes them: two levels of headings, a group of two rows, numbers of the paper.
SHEET = {
    "names": ["network", "seed"],
    "heads": [[["train", 2], ["test", 1]], [["mean", 1], ["paper", 1], [r"$\beta$", 1]]],
    "rows": [
        {"labels": [["wide <b>", 2], ["0", 1]], "cells": [["1.5", False], ["1.25", True], ["2", False]]},
        {"labels": [["1", 1]], "cells": [["1.75", False], ["1.25", True], ["–", False]]},
        {"labels": [["narrow", 1], ["0", 1]], "cells": [["3.5", False], ["–", True], ["4", False]]},
    ],
}
CAPTION = r"Accuracy & loss <at> $t_w$ and of $r^n$; digits, planted scale; mean and range over n = 3 seeds."
HOSTILE = 'Losses <script>alert("x")</script> & "quotes" stay words.'
FIGURES = {"needle": ["fig3", "figB1"], "bad_minima": ["table1"], "blessing": ["animation"]}
SHOWN = [registers()[study].figures[name] for study, names in FIGURES.items() for name in names]
TABLES = sorted({f"{figure.study}/{table}" for figure in SHOWN for table in figure.tables})
RUN = {
    "torch": "2.14.1+cpu",
    "python": "3.11.7",
    "device": "cpu x86_64",
    "threads": "1",
    "git": "0123456789ab",
}


def claim(**told: str) -> dict[str, str]:
    """A row of claims.csv: a reproduced claim of needle, but for what is ``told``."""
    usual = {
        "paper": "dascoli2019",
        "study": "needle",
        "location": "Fig. 3, Sec. 4.1",
        "measured": "eFCN minus FCN.",
        "tables": "measures",
        "figures": "needle_fig3",
        "comparison": "greater",
        "value": "0.871234",
        "low": "0.85",
        "high": "0.89",
        "replicates": "3",
        "replicate": "seed",
        "threshold": "0",
        "margin": "0.871234",
        "verdict": "reproduced",
        "reason": "All of the interval lies above 0.",
        "decided_at": "3",
        "all_replicates": "3",
        "e_value": "80",
    }
    return {column: {**usual, **told}.get(column, "") for column in COLUMNS}


CLAIMS = [
    claim(
        id="needle.best", statement="The best eFCN beats the FCN.", paper_text="67.2 vs 64.8 %", unit="points"
    ),
    claim(
        id="needle.peak",
        statement="Accuracy peaks in between.",
        figures="needle_fig3 needle_figB1",
        verdict="not_reproduced",
        reason="It peaks at the end.",
        e_value="13.3333",
        paper_value="3",
    ),
    claim(
        id="needle.hostile",
        statement=HOSTILE,
        figures="needle_figB1",
        verdict="inconclusive",
        decided_at="",
        e_value="0",
    ),
    claim(
        id="bad.far",
        study="bad_minima",
        paper="liu2020",
        statement="Bad minima are farther.",
        figures="bad_minima_table1",
        tables="distances",
        value="-1.25e-12",
        low="",
        high="",
        replicates="",
        verdict="not_judged",
        reason="One seed only.",
        decided_at="",
        e_value="",
        paper_text="by far the farthest of all, whatever is done to networks, at every replication factor",
    ),
    claim(
        id="embedding.kept",
        study="embedding",
        paper="zhang2021",
        statement="Criticality is kept.",
        figures="embedding_fig3",
        tables="certificate",
        replicates="40",
        replicate="trial",
        decided_at="",
        e_value="",
    ),
]


def plant(results: Path, claims: list[dict[str, str]] = CLAIMS, caption: str = CAPTION) -> None:
    """A finished scale below ``results``."""
    for figure in SHOWN:
        for kind in figure.kinds:
            file = results / figure.study / "figures" / f"{figure.name}.{kind}"
            file.parent.mkdir(parents=True, exist_ok=True)
            if kind == "svg":
                file.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 6"/>')
                continue
            about = PngInfo()
            if caption:
                about.add_text("Description", caption)
                about.add_text("Caption-Top", "0.8000")
            if caption and figure.name == "table1":
                about.add_text("Table", json.dumps(SHEET, ensure_ascii=False))
            picture = Image.new("RGB", (1800, 1000), "#dde6ee")
            picture.paste("#c22d1f", (0, 800, 1800, 1000))  # where the caption would be
            picture.save(file, dpi=(250, 250), **({"pnginfo": about} if kind == "png" else {}))
    for name in TABLES:
        study, _, table = name.partition("/")
        write(results / study / "tables" / f"{table}.csv", "seed,value\n0,1.5\n1,1.75\n")
    write(
        results / "needle/runs/sgd/cnn-s0/provenance.json",
        json.dumps({**RUN, "git": "aaaaaaaaaaaa and edited"}),
    )
    for seed in (1, 2):
        write(results / f"needle/runs/sgd/cnn-s{seed}/provenance.json", json.dumps(RUN))
    for job, seconds, cpu in (
        ("needle/runs/sgd/cnn-s0", "100.0", "90"),
        ("needle/runs/sgd/cnn-s1", "50.0", "45.5"),
        ("needle/measures/sgd-s0", "20.0", "18"),
        ("needle/figures/fig3", "0.5", "NA"),
        ("data/digits", "2.0", "1.0"),
    ):
        write(
            results / "timings" / f"{job}.tsv",
            f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:01\t128.0\t{cpu}\n",
        )
    for dataset in ("digits", "left_over", "drawn-s0", "drawn-s1"):
        write(
            results / "data" / dataset / "manifest.json",
            json.dumps(
                {
                    "origin": f"made for {dataset}",
                    "licence": "CC0",
                    "shape": [1, 8, 8],
                    "classes": 10,
                    "splits": {"train": {"size": 1200}, "test": {"size": 300}},
                    "sha256": "ab" * 32,
                    "raw_sha256": {"raw.gz": "cd" * 32},
                }
            ),
        )
    (results / "report").mkdir()
    with (results / "report/claims.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(claims)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def plan(**other: Any) -> dict[str, Any]:
    """What the rule hands to the program."""
    return {
        "scale": "planted",
        "options": " --configfile config/planted.yaml",
        "datasets": ["digits", "drawn", "never_made"],
        "figures": [f"{figure.study}/{figure.name}" for figure in SHOWN],
        "tables": TABLES,
        **other,
    }


def make(results: Path, **other: Any) -> str:
    """Run the program on planted ``results``; the page's text."""
    sys.path.insert(0, str(ROOT / "workflow_scripts"))
    try:
        import report
    finally:
        sys.path.remove(str(ROOT / "workflow_scripts"))
    report.main(["--results", str(results), "--plan", json.dumps(plan(**other))])
    return (results / "report/index.html").read_text(encoding="utf-8")
