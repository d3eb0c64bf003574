"""The page as a text: nothing leads nowhere, words stay words, every claim stands where it belongs."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from planted_report import CLAIMS, FIGURES, HOSTILE, ROOT, TABLES, claim, make, plant

from anarch.report.claims import VERDICTS

VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}


class Reader(HTMLParser):
    """Elements of a page as (tag, attributes, text inside), with a check that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self.open.pop()][0] == tag
        if tag in ("td", "th", "li", "p", "dt", "dd"):
            self.handle_data(" ")

    def handle_data(self, data):
        for i in self.open:
            self.elements[i][2].append(data)

    def all(self, tag: str, cls: str = "") -> list[tuple[dict[str, str | None], str]]:
        return [
            (attrs, " ".join("".join(text).split()))
            for name, attrs, text in self.elements
            if name == tag and cls in ((attrs.get("class") or "").split() if cls else [""])
        ]


@pytest.fixture(scope="module")
def reader(page):
    return Reader((page / "index.html").read_text(encoding="utf-8"))


def test_every_link_and_picture_resolves_within_the_folder(page, reader):
    ids = [attrs["id"] for _, attrs, _ in reader.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs[key] for _, attrs, _ in reader.elements for key in ("href", "src") if key in attrs]
    assert len(targets) > 40
    for target in targets:
        if target.startswith("#"):
            assert unquote(target[1:]) in ids, target
        elif not target.startswith(("https://arxiv.org/abs/", "data:,")):
            assert (page / target).is_file(), target
            assert (page / target).resolve().is_relative_to(page.resolve()), target
    labels = [attrs[key] for _, attrs, _ in reader.elements for key in ("aria-labelledby",) if key in attrs]
    assert labels and set(labels) <= set(ids)


def test_the_page_asks_for_nothing_from_elsewhere(page):
    """Neither a font nor a script nor a style: it opens without network, and a sent folder is whole."""
    text = (page / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(|<(script|img|link|iframe)[^>]+(src|href)=\"(https?:)?//", text)


def test_the_folder_holds_copies_of_what_it_shows(page):
    files = [
        file for file in page.rglob("*") if file.is_file() and file.name != "SHA256"
    ]  # a record by folder
    held = {str(file.relative_to(page)) for file in files}
    figures = {f"figures/{s}/{f}.{k}" for s, fs in FIGURES.items() for f in fs for k in ("png", "svg")}
    tables = {f"tables/{name}.csv" for name in TABLES}
    assert held == (
        {"index.html", "claims.csv", "tally.txt", "figures/blessing/animation.gif"} | figures | tables
    )
    for name in TABLES:
        study, _, table = name.partition("/")
        source = page.parent / study / "tables" / f"{table}.csv"
        assert (page / f"tables/{name}.csv").read_bytes() == source.read_bytes()


def test_the_matrix_has_a_letter_for_each_claim(reader):
    letters = {name: verdict.letter for name, verdict in VERDICTS.items()}
    assert letters == {"reproduced": "R", "not_reproduced": "N", "inconclusive": "I", "not_judged": "–"}
    cells = reader.all("a", "cell")
    order = ["needle", "bad_minima", "blessing", "embedding"]
    rows = sorted(CLAIMS, key=lambda row: order.index(row["study"]))
    assert [text for _, text in cells] == [letters[row["verdict"]] for row in rows]
    for (attrs, _), row in zip(cells, rows, strict=True):
        assert row["verdict"] in attrs["class"].split()
        assert (attrs["data-study"], attrs["data-paper"]) == (row["study"], row["paper"])
        assert row["statement"] in attrs["aria-label"]
    assert reader.all("span", "none")[0][1] == "no claims"  # blessing


def test_a_claim_is_told_once_and_named_beside_its_other_figures(reader):
    told = [attrs["id"] for attrs, _ in reader.all("li", "claim") if "id" in attrs]
    assert told == [
        "claim-needle-best",
        "claim-needle-peak",
        "claim-needle-hostile",
        "claim-bad-far",
        "claim-embedding-kept",
    ]
    exhibits = {attrs["id"]: text for attrs, text in reader.all("article")}
    assert list(exhibits) == ["needle_fig3", "needle_figB1", "bad_minima_table1", "blessing_animation"]
    assert "It peaks at the end." in exhibits["needle_fig3"]
    assert "Accuracy peaks in between." in exhibits["needle_figB1"]
    assert "It peaks at the end." not in exhibits["needle_figB1"]
    assert "paper claims" not in exhibits["blessing_animation"]
    ((_, loose),) = reader.all("div", "loose")  # its figure is not on the page
    assert "Criticality is kept." in loose and "40 trials" in loose


def test_numbers_stand_with_interval_seeds_unit_and_the_papers_own(reader):
    exhibits = {attrs["id"]: text for attrs, text in reader.all("article")}
    assert "0.871 points [0.85 to 0.89], 3 seeds" in exhibits["needle_fig3"]
    assert "67.2 vs 64.8 %" in exhibits["needle_fig3"]
    assert "−1.25×10⁻¹²" in exhibits["bad_minima_table1"]
    assert "1.25×10⁻¹² [" not in exhibits["bad_minima_table1"]
    assert "asked more than 0 points; margin 0.871 points" in exhibits["needle_fig3"]
    (_, printed), (_, farthest) = reader.all("div", "printed")
    assert "by far the farthest" in farthest
    assert "67.2 vs 64.8 %" in printed and "Accuracy peaks in between. 3 " in printed
    assert "stay words" not in printed  # the paper prints no number for it


def test_chance_is_told_for_all_claims_and_for_each(reader):
    """Three verdicts that chance has a part in: 3 / 40 are wrong on average.  e-BH: 80 is above 3 / 0.05."""
    (_, told), *_ = [(attrs, text) for attrs, text in reader.all("p") if attrs.get("id") == "chance"]
    assert "Chance has a part in 3 verdicts" in told and "on average at most 0.075 of them" in told
    assert "2 are decided; 1 of these would also stand" in told and "at most 5 % of those" in told
    claims = {attrs["id"]: text for attrs, text in reader.all("li", "claim") if "id" in attrs}
    assert "decided with 3 seeds; stands if all claims" in claims["claim-needle-best"]
    assert "decided with 3 seeds; does not stand if all claims" in claims["claim-needle-peak"]
    assert "counted together" not in claims["claim-needle-hostile"] + claims["claim-embedding-kept"]


def test_figures_come_with_caption_command_and_tables(reader):
    (first, *_) = reader.all("article")
    assert "snakemake --cores 2 needle_fig3 --configfile config/planted.yaml" in first[1]
    assert "measures.csv" in first[1] and "Fig. 3" in first[1]
    assert "Accuracy & loss <at> tw and of rn; digits" in first[1]
    text = "".join(part for _, part in reader.all("figcaption"))
    assert "$" not in text
    (image, _), *_ = reader.all("img")
    assert image["alt"].startswith("needle, Fig. 3: Final accuracy")
    assert (image["width"], image["height"]) == ("1800", "800")  # the drawn caption is cut off


def test_a_figure_that_is_a_table_is_one(page, reader):
    """Headings over their columns, labels beside their rows, numbers of the paper in grey, and no picture."""
    text = (page / "index.html").read_text(encoding="utf-8")
    (sheet,) = re.findall(r'<div class="sheet".*?</div>', text, re.S)
    table = Reader(sheet)
    assert [told for _, told in table.all("th")][:7] == [
        "train",
        "test",
        "network",
        "seed",
        "mean",
        "paper",
        "β",
    ]
    assert [(attrs.get("scope"), attrs.get("colspan")) for attrs, _ in table.all("th")][:2] == [
        ("colgroup", "2"),
        ("col", None),
    ]
    labels = [(told, attrs.get("rowspan")) for attrs, told in table.all("th")][7:]
    assert labels == [("wide <b>", "2"), ("0", None), ("1", None), ("narrow", None), ("0", None)]
    assert [told for _, told in table.all("td")] == [
        "",
        "1.5",
        "1.25",
        "2",
        "1.75",
        "1.25",
        "–",
        "3.5",
        "–",
        "4",
    ]
    assert [told for _, told in table.all("td", "quiet")] == ["1.25", "1.25", "–"]
    ((box, _),) = table.all("div")
    assert box["aria-label"].startswith("bad_minima, Table 1")
    assert not re.search(r'<img src="figures/bad_minima/table1', text)
    assert 'href="figures/bad_minima/table1.png"' in text  # it can be had


def test_a_figure_drawn_without_metadata_is_shown_whole(tmp_path):
    plant(tmp_path / "r", caption="")
    (image, _), *_ = Reader(make(tmp_path / "r")).all("img")
    assert (image["width"], image["height"]) == ("1800", "1000")


def test_foreign_words_are_words(page, reader):
    text = (page / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text and len(re.findall("<script", text)) == 1
    assert HOSTILE in " ".join(text for _, text in reader.all("p", "statement"))
    assert any(HOSTILE in attrs["title"] for attrs, _ in reader.all("a", "cell"))


def test_provenance_costs_and_data_are_told(page, reader):
    ((_, made),) = [(a, t) for a, t in reader.all("section") if a["id"] == "made"]
    # trainings 150 s, measurements 20 s, figures 0.5 s: 170.5 s, of which 153.5 s on a processor
    assert "needle 4 2 min 30 s 20 s 0.5 s 2 min 50 s 2 min 34 s 134 MB" in made
    assert "0123456789ab (2), aaaaaaaaaaaa and edited (1)" in made and "2.14.1+cpu" in made
    assert "made for digits" in made and "ab" * 32 in made and "cd" * 32 in made and "1 200" in made
    assert "left_over" not in made  # no dataset of this config
    assert "jinja2" in made
    ((_, dictionary), *_) = reader.all("details", "dictionary")
    assert "A row: a run at its start and at its end. Replicates by seed." in dictionary
    assert "relax_time epoch t_w at which the CNN was lifted" in dictionary


def test_the_tally_is_one_line(page):
    text = (page / "tally.txt").read_text()
    assert text.endswith("report/index.html: 2 reproduced, 1 not reproduced, 1 inconclusive, 1 not judged\n")
    assert text.count("\n") == 1


def test_no_claims_and_no_figures_still_make_a_page(tmp_path):
    plant(tmp_path / "r", claims=[])
    reader = Reader(make(tmp_path / "r", figures=[], tables=[], datasets=[]))
    assert reader.all("a", "cell") == [] and reader.all("img") == []
    assert "0 claims" in reader.all("header")[0][1].replace("\xa0", " ")


def test_same_results_same_bytes(page, tmp_path):
    plant(tmp_path / "planted")
    assert make(tmp_path / "planted") == (page / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"verdict": "maybe"}, "claim needle.x has verdict 'maybe'; there are reproduced, not_reproduced"),
        ({}, "claims.csv lacks column verdict"),
    ],
)
def test_a_bad_table_of_claims_is_one_line(tmp_path, row, message):
    plant(tmp_path / "r", claims=[claim(id="needle.x", **row)])
    file = tmp_path / "r/report/claims.csv"
    if not row:
        file.write_text(file.read_text().replace("verdict", "opinion"))
    with pytest.raises(SystemExit) as stopped:
        make(tmp_path / "r")
    assert message in str(stopped.value) and "\n" not in str(stopped.value)
    assert not (tmp_path / "r/report/index.html").exists()


def test_it_loads_neither_torch_nor_matplotlib():
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT / 'workflow_scripts')!r}, {str(ROOT)!r}]; import report;"
        "print(*(name for name in ('torch', 'matplotlib', 'pandas') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
