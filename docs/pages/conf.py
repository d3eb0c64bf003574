"""Sphinx: pages of the library, from docstrings and from pages whose examples are run.  `make docs`."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import examples  # noqa: E402

project = "anarch"
author = "The anarch authors"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
exclude_patterns = ["pictures/*"]
default_role = "code"  # `name` in a docstring
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_type_aliases = {"Loss": "Loss", "Normalisation": "Normalisation"}
python_maximum_signature_line_length = 70
html_theme = "alabaster"
html_theme_options = {"description": "Architectural bias and the loss landscape", "fixed_sidebar": True}
html_show_sourcelink = False
html_copy_source = False
myst_heading_anchors = 3


def draw(app: Sphinx) -> None:
    """Run the examples of all pages; what they draw stands in the pages."""
    pictures = HERE / "pictures"
    pictures.mkdir(exist_ok=True)
    for page in examples.pages():
        examples.run(page, pictures)


def bars(app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]) -> None:
    """A bar, as in |theta|, begins a substitution in Sphinx's language, which docstrings here do not use."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", draw)
    app.connect("autodoc-process-docstring", bars, priority=900)
