"""Pages of the library: one for every public name, examples that run, links that lead somewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import anarch

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/pages"
sys.path.insert(0, str(PAGES))
import examples  # noqa: E402

EVERY = {str(page.relative_to(PAGES)): page for page in examples.pages()}


def test_every_public_name_has_a_page_with_equation_signature_cost_and_example():
    assert {page.stem for page in PAGES.glob("api/*.md")} == set(anarch.__all__)
    index = (PAGES / "index.md").read_text(encoding="utf-8")
    for name in anarch.__all__:
        text = (PAGES / f"api/{name}.md").read_text(encoding="utf-8")
        assert f"\napi/{name}\n" in index
        assert re.search(rf"^# {name}\n\n```text\n.+?^```$", text, re.M | re.S), "the equation comes first"
        assert re.search(rf"^\.\. auto(function|class):: anarch\.{name}$", text, re.M)
        assert f"anarch.{name}(" in text.split("## Example\n")[1] and "## Cost\n" in text


@pytest.mark.parametrize("name", EVERY)
def test_the_examples_of_a_page_run(name, tmp_path):
    examples.run(EVERY[name], tmp_path)
    shown = set(re.findall(r"\(\.\./pictures/([\w.]+)\)", EVERY[name].read_text(encoding="utf-8")))
    assert {file.name for file in tmp_path.iterdir()} == shown


class Links(HTMLParser):
    def __init__(self, file: Path):
        super().__init__()
        self.links, self.anchors = list[str](), set[str]()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.links += [told[name] for name in ("href", "src") if told.get(name)]
        self.anchors |= {told[name] for name in ("id", "name") if told.get(name)}


def test_the_site_is_built_without_a_warning_and_every_link_leads_somewhere(tmp_path):
    pytest.importorskip("sphinx", reason="requirements-dev.txt has it: make setup")
    pytest.importorskip("myst_parser", reason="requirements-dev.txt has it: make setup")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        str(PAGES),
        str(tmp_path),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    site = {file: Links(file) for file in tmp_path.rglob("*.html")}
    assert tmp_path / "api/lift.html" in site and tmp_path / "guides/wide_basin.html" in site
    outside = set()
    for file, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                outside.add(parts.netloc)
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.is_file(), f"{file.name}: {link}"
            if parts.fragment and target in site:
                assert unquote(parts.fragment) in site[target].anchors, f"{file.name}: {link}"
    assert outside <= {"www.sphinx-doc.org", "github.com", "alabaster.readthedocs.io"}  # the theme's own line
