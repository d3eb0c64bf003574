"""Fig. 5: ResNet18 with larger and larger kernels, by SGD and by beta-LASSO."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import scales, style, tables
from anarch.figures.scratch import series

LOOKS = {
    "SGD": ("SGD", style.BLUE, "o", style.DASHES[1]),
    series.LASSO: ("β-LASSO", style.RED, "s", style.DASHES[0]),
}


@style.house_style
def fig5(results: pd.DataFrame, *, about: str) -> Figure:
    """Test accuracy of ResNet18 against its kernel size, by SGD and by beta-LASSO, a panel per task."""
    rows = series.longest(series.family(results, "results", "kernels", "kernel", "test_accuracy"))
    names = series.task_names(rows)
    figure, axes = style.figure(
        1, len(names), height=2.9, width={1: 3.9, 2: 5.6}.get(len(names), style.DOUBLE)
    )
    n: list[int] = []
    for ax, (task, name) in zip(axes[0], names.items(), strict=True):
        part = rows[rows.task == task]
        for method, (label, colour, marker, line) in LOOKS.items():
            summary = tables.over_seeds(part[part["method"] == method], "test_accuracy", "kernel", 100)
            if len(summary):
                style.spread(ax, summary, label=label, colour=colour, marker=marker, line=line)
                n += tables.counts(summary)
        scales.ticks(ax.xaxis, sorted(set(part.kernel)))
        ax.margins(x=0.08)
        ax.set(title=name, xlabel="kernel size (pixels)")
    axes[0, 0].set_ylabel("test accuracy (%)")
    figure.legend(
        handles=[series.handle(*look) for look in LOOKS.values()], loc="outside upper center", ncols=2
    )
    widths = ", ".join(f"{width:g}" for width in rows.width.unique())
    style.caption(
        figure,
        f"Test accuracy of ResNet18 (base channels: {widths}) against the size of its kernels, "
        "trained by SGD and by β-LASSO. The paper's text gives neither sizes nor numbers.",
        about=about,
        counts=n,
    )
    return figure
