"""Whether a reader can read a figure, and what it plots."""

import io
import itertools
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from anarch.figures import style


def texts(figure: Figure) -> list[Text]:
    """Every text that a reader sees; ticks outside the limits have labels that are not drawn."""
    hidden = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high or not ax.axison:
                    hidden |= {tick.label1, tick.label2}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]


def assert_legible(figure: Figure) -> None:
    """No two texts overlap, none runs into a foreign legend or out of the figure."""
    with rc_context(style.RC):
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
        legends = [(legend, legend.get_window_extent()) for legend in figure.findobj(Legend)]
    for (one, box), (other, second) in itertools.combinations(boxes, 2):
        width = min(box.x1, second.x1) - max(box.x0, second.x0)
        height = min(box.y1, second.y1) - max(box.y0, second.y0)
        assert width <= 0.5 or height <= 0.5, (
            f"{one!r} overlaps {other!r} by {width:.1f} x {height:.1f} pixels"
        )
    page = figure.bbox
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 + 0.5 and box.y1 <= page.y1 + 0.5, (
            f"{text!r} leaves the page"
        )
    for legend, box in legends:
        for ax in figure.axes:
            assert not box.shrunk(0.98, 0.98).overlaps(ax.get_window_extent()), (
                f"legend {legend.get_texts()} hides an axes"
            )


def line(ax: Axes, label: str):
    found = [line for line in ax.get_lines() if line.get_label() == label]
    assert len(found) == 1, f"{label!r} among {[line.get_label() for line in ax.get_lines()]}"
    return found[0]


def xy(ax: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.asarray(values, float) for values in line(ax, label).get_data())


def saved(figure: Figure, **options: Any) -> bytes:
    """The file that ``figure`` becomes, by the options of `savefig`."""
    file = io.BytesIO()
    figure.savefig(file, **options)
    return file.getvalue()
