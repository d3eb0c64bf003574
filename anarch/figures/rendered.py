"""A table of texts as a figure: headings over columns, rows under their group, no two texts in one place."""

import json
from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from anarch.figures import style

LINE = 10.5  # points from one line of text to the next
GAP = 9.0  # points between columns
EDGE = 5.0  # points around everything
QUIET = "#5c5c5c"


def mean_sd(values: pd.Series, digits: int, scale: float = 1.0) -> str:
    """ "0.953 ± 0.012": mean and sample standard deviation of the finite ``values`` times ``scale``.

    A single value has no deviation, and none gives a dash.
    """
    numbers = scale * pd.to_numeric(values, errors="coerce").dropna()
    if numbers.empty:
        return "–"
    spread = f" ± {numbers.std(ddof=1):.{digits}f}" if len(numbers) > 1 else ""
    return f"{numbers.mean():.{digits}f}{spread}"


def spread_text(counts: list[int]) -> str:
    """What :func:`mean_sd` shows, for a caption: :func:`style.seeds_text` of means with deviations."""
    return style.seeds_text(counts).replace("mean and range", "mean ± standard deviation")


@style.house_style
def render(table: pd.DataFrame, text: str, *, about: str, counts: str, quiet: str = "paper") -> Figure:
    """``table``, all of whose cells and labels are texts, typeset with a caption as in :func:`style.caption`.

    Levels of the columns become headings, outermost on top, joined over equal neighbours; levels of the index
    become columns on the left under their names, each label once a group.  Rows and columns whose innermost
    label begins with ``quiet`` are set in grey: numbers of others beside ours.  The figure's label holds the
    texts as well, as `as_text` has them, for pages that make a table of their own of them.
    """
    heads, labels = _tuples(table.columns), _tuples(table.index)
    widths = _widths(table, heads, labels)
    whole = sum(widths) + GAP * (len(widths) - 1)
    lines, depth = len(labels), len(heads[0])
    between = [i for i in range(1, lines) if labels[i][0] != labels[i - 1][0] and len(labels[0]) > 1]
    body = LINE * (lines + depth) + 3.0 * len(between) + 10.0
    width = max(whole + 2 * EDGE, 72 * 4.6)
    figure = Figure(figsize=(width / 72, 1.0))
    style.caption(figure, text, about=about, counts=counts)
    below = 1.25 * style.BODY * (figure.get_supxlabel().count("\n") + 1) + 8.0
    height = body + below + 2 * EDGE
    figure.set_figheight(height / 72)
    figure.supxlabel(
        figure.get_supxlabel(), x=EDGE / width, y=EDGE / height, ha="left", va="bottom",
        fontsize=style.BODY, linespacing=1.25, color=style.INK,
    )  # fmt: skip
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    _typeset(ax, table, heads, labels, widths, height - EDGE, between, quiet)
    figure.set_label(as_text(table, quiet=quiet))
    return figure


def as_text(table: pd.DataFrame, *, quiet: str) -> str:
    """A table as JSON: ``names`` of the index, ``heads`` by level and ``rows``, each a list of their texts.

    A heading is [text, columns that it is over].  A row is {"labels": [[text, rows that it is beside], ...],
    "cells": [[text, whether in grey], ...]}; a label that an earlier row has is left out.
    """
    heads, labels = _tuples(table.columns), _tuples(table.index)
    levels = [
        [[text, last - first + 1] for first, last, text in _spans(heads, k)] for k in range(len(heads[0]))
    ]
    beside = {
        (first, level): [text, last - first + 1]
        for level in range(len(labels[0]) if labels else 0)
        for first, last, text in _spans(labels, level)
    }
    rows = [
        {
            "labels": [beside[i, level] for level in range(len(label)) if (i, level) in beside],
            "cells": [
                [str(table.iat[i, k]), head[-1].startswith(quiet) or label[-1].startswith(quiet)]
                for k, head in enumerate(heads)
            ],
        }
        for i, label in enumerate(labels)
    ]
    names = [str(name or "") for name in table.index.names]
    return json.dumps({"names": names, "heads": levels, "rows": rows}, ensure_ascii=False)


def _tuples(index: pd.Index) -> list[tuple[str, ...]]:
    return [label if isinstance(label, tuple) else (label,) for label in index]


def _text_width(text: str) -> float:
    """Width of ``text`` in points at the size of a table's texts."""
    font = FontProperties(family=["DejaVu Sans"], size=style.SMALL)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=bool(is_math_text(text)))[0])


def _widths(table: pd.DataFrame, heads: list[tuple[str, ...]], labels: list[tuple[str, ...]]) -> list[float]:
    """Width in points of each column, those of the index first, wide enough for headings over several."""
    names = [str(name or "") for name in table.index.names]
    left = [
        max(_text_width(text) for text in (name, *(label[level] for label in labels)))
        for level, name in enumerate(names)
    ]
    right = [max(_text_width(text) for text in (head[-1], *table.iloc[:, i])) for i, head in enumerate(heads)]
    for level in range(len(heads[0]) - 1):
        for first, last, text in _spans(heads, level):
            lacking = _text_width(text) - sum(right[first : last + 1]) - GAP * (last - first)
            for i in range(first, last + 1):
                right[i] += max(lacking, 0) / (last - first + 1)
    return [*left, *right]


def _spans(heads: list[tuple[str, ...]], level: int) -> Iterator[tuple[int, int, str]]:
    """First and last column under each heading of ``level``; equal neighbours under one parent are joined."""
    first = 0
    for i in range(1, len(heads) + 1):
        if i == len(heads) or heads[i][: level + 1] != heads[first][: level + 1]:
            yield first, i - 1, heads[first][level]
            first = i


def _typeset(
    ax: Axes,
    table: pd.DataFrame,
    heads: list[tuple[str, ...]],
    labels: list[tuple[str, ...]],
    widths: list[float],
    top: float,
    between: list[int],
    quiet: str,
) -> None:
    """Write all texts and rules below ``top`` (points)."""
    lefts = [EDGE + sum(widths[:i]) + GAP * i for i in range(len(widths))]
    index, depth = len(labels[0]), len(heads[0])
    ends = (lefts[0], lefts[-1] + widths[-1])

    def write(x: float, y: float, text: str, align: str, colour: str = style.INK) -> None:
        ax.text(x, y, text, ha=align, va="baseline", fontsize=style.SMALL, color=colour)

    def rule(y: float, span: tuple[float, float], weight: float) -> None:
        ax.plot(span, (y, y), color=style.INK, linewidth=weight, label="_rule", solid_capstyle="butt")

    rule(top, ends, 0.9)
    y = top
    for level in range(depth):
        y -= LINE
        for first, last, text in _spans(heads, level):
            if level == depth - 1:
                write(lefts[index + last] + widths[index + last], y, text, "right")
                continue
            span = (lefts[index + first], lefts[index + last] + widths[index + last])
            write(sum(span) / 2, y, text, "center")
            if text:
                rule(y - 3.0, span, 0.4)
    for level, name in enumerate(table.index.names):
        write(lefts[level], y, str(name or ""), "left")
    y -= 4.0
    rule(y, ends, 0.6)
    for i, label in enumerate(labels):
        if i in between:
            y -= 3.0
            rule(y, ends, 0.3)
        y -= LINE - (1.5 if i == 0 else 0)
        for level, text in enumerate(label):
            if i == 0 or label[: level + 1] != labels[i - 1][: level + 1]:
                write(lefts[level], y, text, "left", QUIET if text.startswith(quiet) else style.INK)
        for column, head in enumerate(heads):
            grey = head[-1].startswith(quiet) or label[-1].startswith(quiet)
            right = lefts[index + column] + widths[index + column]
            write(right, y, str(table.iat[i, column]), "right", QUIET if grey else style.INK)
    rule(y - 4.0, ends, 0.9)
