"""Fig. 5: radii of basins and logarithms of their volumes against test accuracy."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import scales, style, tables
from anarch.figures.blessing import published, selection

MINIMA = ("set", "seed", "beta", "test_accuracy")
RADII = ("directions", "radius_mean", "radius_min", "radius_max", "censored", "effective")
VOLUMES = ("log10_volume", "log10_volume_median", "log10_preconditioned", "log10_quadratic")
NULLS = ("set", "seed", "main", *VOLUMES[:-1])
BASINS = ("set", "seed", "beta", "cutoff", "main", "inside", *RADII, *VOLUMES)
MEDIAN: dict[str, Any] = {"color": style.INK, "marker": "_", "markersize": 7, "linestyle": "none"}
SHAPED: dict[str, Any] = {"color": style.INK, "marker": "x", "markersize": 4, "linestyle": "none"}
OPEN: dict[str, Any] = {"color": style.GREY, "marker": "o", "markerfacecolor": "white", "linestyle": "none"}
Looks = dict[float, tuple[Any, str]]  # cutoff -> colour, marker


@style.house_style
def fig5(minima: pd.DataFrame, basins: pd.DataFrame, nulls: pd.DataFrame, *, about: str) -> Figure:
    """Radius (mean dashed, smallest to largest filled) and log volume by test accuracy, a row per set."""
    tables.require(nulls, "nulls", NULLS)
    tables.require(minima, "minima", MINIMA)
    tables.require(basins, "basins", BASINS)
    # A minimum whose own loss is above a cutoff has no basin there.
    there = basins[basins.inside.astype(bool)]
    rows = there.merge(minima, on=["set", "seed", "beta"], validate="many_to_one")
    if rows.empty:
        raise tables.TableError("table basins has no row of a minimum that lies inside its basin")
    looks: Looks = style.relax_looks(sorted(rows.cutoff.unique()))
    names = list(rows.set.unique())
    figure, axes = style.figure(len(names), 2, height=1.7 + 2.75 * len(names))
    for (left, right), name in zip(axes, names, strict=True):
        part = rows[rows.set == name]
        _radii(left, part, looks)
        _volumes(right, part, looks)
        left.set(title=selection.spoken(name), ylabel="basin radius (filter lengths)")
        said = _gap(part, nulls[nulls.set == name], paper=name != selection.TOY)
        right.set(title=said, ylabel=r"$\log_{10}$ volume")
    for ax, letter in zip(axes.flat, "abcdefghij", strict=False):
        ax.set_xlabel("test accuracy (%)")
        style.letter(ax, letter)
    figure.legend(handles=_handles(looks, rows), loc="outside upper center", ncols=len(looks) + 4)
    counts = rows.groupby(["set", "beta", "cutoff"]).seed.nunique()
    style.caption(figure, _text(rows[rows.main]), about=about, counts=[int(n) for n in counts])
    return figure


def _radii(ax: Axes, rows: pd.DataFrame, looks: Looks) -> None:
    """For each cutoff the mean radius by the mean test accuracy of one beta; the range at the main one."""
    for cutoff, (colour, marker) in looks.items():
        by_beta = rows[rows.cutoff == cutoff].groupby("beta")
        curve = by_beta.agg(
            x=("test_accuracy", "mean"),
            mean=("radius_mean", "mean"),
            least=("radius_min", "min"),
            most=("radius_max", "max"),
            main=("main", "all"),
        ).sort_values("x")
        x = 100 * curve.x
        ax.plot(x, curve["mean"], color=colour, marker=marker, linestyle="--", label=f"{cutoff:g}")
        if len(curve) and curve.main.all():
            ax.fill_between(x, curve.least, curve.most, color=colour, alpha=0.2, linewidth=0)
    main = rows[rows.main]
    scales.log_y(ax, rows.radius_mean, main.radius_min, main.radius_max)


def _volumes(ax: Axes, rows: pd.DataFrame, looks: Looks) -> None:
    """Every minimum at every cutoff; at the main one by median radius and along its shape too."""
    for cutoff, (colour, marker) in looks.items():
        part = rows[rows.cutoff == cutoff]
        bound = part.censored > 0
        for shown, face, label in ((~bound, colour, f"{cutoff:g}"), (bound, "white", f"_≥ {cutoff:g}")):
            points = part[shown]
            ax.plot(
                100 * points.test_accuracy,
                points.log10_volume,
                color=colour,
                marker=marker,
                markerfacecolor=face,
                linestyle="none",
                label=label,
            )
    main = rows[rows.main]
    ax.plot(100 * main.test_accuracy, main.log10_volume_median, label="_median", **MEDIAN)
    ax.plot(100 * main.test_accuracy, main.log10_preconditioned, label="_shaped", **SHAPED)
    ax.yaxis.set_major_formatter(lambda value, _: _whole(value))


def orders_of_magnitude(rows: pd.DataFrame) -> pd.DataFrame:
    """log10 of the ratio of volumes, beta = 0 over the largest beta, at the main cutoff: a row per seed and a
    column for each of `VOLUMES`."""
    main = rows[rows.main]
    good = main[main.beta == 0].set_index("seed")
    worst = main[(main.beta > 0) & (main.beta == main.beta.max())].set_index("seed")
    gaps = (good[[*VOLUMES]] - worst[[*VOLUMES]]).astype(float)
    return gaps.dropna(subset=["log10_volume"])


def _gap(rows: pd.DataFrame, nulls: pd.DataFrame, *, paper: bool) -> str:
    """The ratio of volumes as a title, by each estimate, and that of good minima among themselves."""
    orders = orders_of_magnitude(rows)
    if orders.empty:
        return "no seed has both basins"
    said = f"\npaper, SVHN: at least {published.ORDERS:,}" if paper else ""
    null = nulls[nulls.main.astype(bool)].log10_volume.max()
    apart = "" if pd.isna(null) else f"; good over good: {_whole(null)} at most"
    mean, median, shaped, quadratic = (orders[name].mean() for name in VOLUMES)
    low, high = (_whole(value) for value in (orders.log10_volume.min(), orders.log10_volume.max()))
    by = f"median radius: {_whole(median)}; shape: {_whole(shaped)}"
    by += "" if pd.isna(quadratic) else f"; Hessian: {_whole(quadratic)}"
    return (
        f"β = 0 over β = {rows[rows.main].beta.max():g}: {_whole(mean)} orders of magnitude\n"
        f"(seeds: {low} to {high}{apart})\n{by}{said}"
    )


def _whole(value: float) -> str:
    """ "−12,346": a whole number with a true minus sign, and none before a zero; a dash for none."""
    if pd.isna(value):
        return "–"
    return f"{round(value, 0) + 0.0:,.0f}".replace("-", "\N{MINUS SIGN}")


def _handles(looks: Looks, rows: pd.DataFrame) -> list[Line2D]:
    handles = [Line2D([], [], linestyle="none", label="cutoff (nats):")]
    for cutoff, (colour, marker) in looks.items():
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle="--", label=f"{cutoff:g}"))
    handles.append(Line2D([], [], label="by median radius", **MEDIAN))
    handles.append(Line2D([], [], label="along the shape", **SHAPED))
    if np.any(rows.censored > 0):
        handles.append(Line2D([], [], label="lower bound", **OPEN))
    return handles


def _text(main: pd.DataFrame) -> str:
    """What is shown, and how far the volumes of the rows ``main``, at the main cutoff, are to be trusted."""
    cutoffs = ", ".join(f"{cutoff:g}" for cutoff in sorted(main.cutoff.unique()))
    return (
        "Left: radius of the basin below the cutoff, along filter-normalised random directions; dashed: mean "
        f"over directions and seeds of one β; filled: smallest to largest of all, at cutoff {cutoffs}. "
        "Right: volume of each basin and, at that cutoff, the volume by the median radius and along "
        "directions that follow the basin's shape; above: the ratio of volumes at that cutoff, mean over "
        "seeds, also of the ellipsoids that the Hessian's determinant gives (two classes only), and the "
        "largest between good minima of two seeds. In so many dimensions the largest radius rules the mean "
        f"of $r^n$, so that every estimate lies too low: effective sample size {main.effective.min():.1f} to "
        f"{main.effective.max():.1f} of {main.directions.max():,.0f} directions. Radii follow the mean of "
        "the curvatures, volumes their geometric mean."
    )
