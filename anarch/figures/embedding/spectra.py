"""Fig. 3: eigenvalues of the Hessian before and after embedding, a row per case, a column per width."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from anarch.figures import scales, style, tables
from anarch.figures.embedding import published
from anarch.figures.embedding.series import short

COUNTS = ("negative", "zero", "positive")
COLUMNS = (
    "case", "width", "index", "eigenvalue", "sign", "loss", "residual", *COUNTS, "threshold", "arithmetic",
)  # fmt: skip
GROWTH = ("case", "point", "neuron", "copies", "negative")
CASES = {
    "line": "1-D data",
    "line_zero": "1-D data, zero loss",
    "iris": "Iris, no output bias",
    "iris_bias": "Iris, output bias",
}
# sign -> label, colour, marker, face
SIGNS = {
    1: ("positive", style.RED, "o", style.RED),
    0: ("zero", style.GREY, "s", "white"),
    -1: ("negative", style.BLUE, "v", style.BLUE),
}
THRESHOLD, PAPERS = (0, (4, 1.5)), (0, (1, 1.5))


@style.house_style
def fig3(spectra: pd.DataFrame, growth: pd.DataFrame, *, about: str) -> Figure:
    """Magnitude of every eigenvalue in order of its value; sign by colour and marker, counts above."""
    tables.require(spectra, "spectra", COLUMNS)
    tables.require(growth, "growth", GROWTH)
    rows = tables.select(spectra, "spectra", arithmetic="float64")
    cases = [case for case in dict.fromkeys((*CASES, *rows.case.unique())) if (rows.case == case).any()]
    deep = {case: sorted(rows[rows.case == case].width.unique()) for case in cases}
    figure, axes = style.figure(
        len(cases), max(map(len, deep.values())), height=1.3 + 1.55 * len(cases), sharey="row"
    )
    for line, case, name in zip(axes, cases, "abcdefgh", strict=False):
        own = spectra[spectra.case == case]
        bottom = _ordinate(line[0], rows[rows.case == case])
        for ax, width in zip(line, deep[case], strict=False):
            copies = int(width) - int(deep[case][0]) + 1
            alike = growth[(growth.case == case) & (growth.copies == copies)]
            _panel(ax, own[own.width == width], alike, case, int(width), bottom)
        for ax in line[len(deep[case]) :]:
            ax.set_axis_off()
        line[0].set_ylabel(f"{CASES.get(case, case)}\n" r"$|\lambda|$")
        style.letter(line[0], name)
    for column in axes.T:
        [*_, last] = (ax for ax in column if ax.axison)
        last.set_xlabel(r"eigenvalue, in order of $\lambda$")
    precise = [str(name) for name in spectra.arithmetic.unique() if name != "float64"]
    figure.legend(handles=_handles(precise), loc="outside upper center", ncols=6)
    style.caption(figure, _text(precise), about=about, counts=f"n = {len(cases)} critical points, one a row")
    return figure


def _ordinate(ax: Axes, rows: pd.DataFrame) -> float:
    """Limits of a row of panels; returns the height at which smaller eigenvalues, exact zeros too, stand."""
    sizes = rows.eigenvalue.abs()
    low = max(sizes[sizes > 0].min(), 1e-20)
    bottom = min(low, published.ZERO) / 10
    scales.log_y(ax, [bottom, max(sizes.max(), 1e-3) * 3])
    return bottom


def _panel(ax: Axes, rows: pd.DataFrame, alike: pd.DataFrame, case: str, width: int, bottom: float) -> None:
    plain, precise = rows[rows.arithmetic == "float64"], rows[rows.arithmetic != "float64"]
    for sign, (label, colour, marker, face) in SIGNS.items():
        part = plain[plain.sign == sign]
        if part.empty:  # an unclipped line without points would count as one at the figure's corner
            continue
        ax.plot(
            part["index"], part.eigenvalue.abs().clip(lower=bottom), color=colour, marker=marker,
            markerfacecolor=face, markersize=3.4, linestyle="none", label=label, clip_on=False, zorder=3,
        )  # fmt: skip
    shown = precise[precise.eigenvalue.abs() >= bottom]
    ax.plot(
        shown["index"], shown.eigenvalue.abs(), color=style.INK, marker="+", markersize=6.5,
        markeredgewidth=0.6, linestyle="none", label="precise", zorder=4,
    )  # fmt: skip
    first = plain.iloc[0]
    ax.axhline(first.threshold, color=style.INK, linestyle=THRESHOLD, linewidth=0.8, label="threshold")
    ax.axhline(published.ZERO, color=style.GREY, linestyle=PAPERS, linewidth=0.9, label="_paper's line")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_title("\n".join(_told(first, precise, alike, case, width)), fontsize=style.SMALL, linespacing=1.25)


def _told(first: pd.Series, precise: pd.DataFrame, alike: pd.DataFrame, case: str, width: int) -> list[str]:
    """Width, loss and gradient; the counts, with the paper's number, in more digits, of all such points."""
    paper = published.NEGATIVE.get(case.split("_bias")[0], {}).get(width)
    beside = f" (paper {paper})" if paper is not None else ""
    lines = [
        rf"$m$ = {width}, loss {short(first.loss)}, $|\nabla|_1$ = {short(first.residual, 2)}",
        f"{first.negative:g} negative{beside}, {first.zero:g} zero, {first.positive:g} positive",
    ]
    if len(precise):
        sure = precise.iloc[0]
        largest = precise[precise.sign == 0].eigenvalue.abs().max()
        size = f", zeros up to {short(largest, 2)}" if sure.zero else ""
        lines.append(f"in {sure.arithmetic} {sure.negative:g}, {sure.zero:g}, {sure.positive:g}{size}")
    if len(alike):
        counts = alike.negative.value_counts().sort_index()
        lines.append("negative: " + ", ".join(f"{value:g} ({times}×)" for value, times in counts.items()))
    return lines


def _handles(precise: list[str]) -> list[Line2D]:
    marks = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=face, linestyle="none", label=label)
        for label, colour, marker, face in SIGNS.values()
    ]
    if precise:
        marks.append(Line2D([], [], color=style.INK, marker="+", linestyle="none", label=f"in {precise[0]}"))
    lines = ((style.INK, THRESHOLD, "zero threshold"), (style.GREY, PAPERS, "paper's line, $10^{-11}$"))
    return [*marks, *(Line2D([], [], color=c, linestyle=line, label=label) for c, line, label in lines)]


def _text(precise: list[str]) -> str:
    text = (
        "Eigenvalues of the Hessian at a critical point of a narrow network (left) and after one of its "
        "neurons is split into equal ones (right): magnitude, in order of the eigenvalue. What is "
        "below the threshold, set in the spectrum's widest gap, is zero. Last line: negative eigenvalues "
        "of all bounded points found of this index, by each neuron copied. The paper's points are its own"
    )
    smaller = f"; zeros in {precise[0]} lie below the axes" if precise else ""
    residuals = ", ".join(short(value) for value in published.RESIDUAL.values())
    return f"{text} (|∇|₁ = {residuals} at m = 2 for 1-D data and Iris){smaller}."
