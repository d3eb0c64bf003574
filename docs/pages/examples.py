"""The Python of the pages, run as it stands there: a page's blocks one after the other, in one namespace."""

import os
import re
from pathlib import Path
from typing import Any

import matplotlib

HERE = Path(__file__).parent


def pages() -> list[Path]:
    """Pages in their order, those of functions and the guides."""
    return sorted([*HERE.glob("api/*.md"), *HERE.glob("guides/*.md")])


def run(page: Path, pictures: Path) -> None:
    """Run the examples of ``page``; what they draw lies in the folder ``pictures`` afterwards."""
    matplotlib.use("svg")
    before, namespace = Path.cwd(), dict[str, Any]()
    text = page.read_text(encoding="utf-8")
    os.chdir(pictures)
    try:
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], str(page), "exec"), namespace)
    finally:
        os.chdir(before)
