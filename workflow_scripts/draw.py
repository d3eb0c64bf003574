r"""Draw one figure from its tables: CSV in, PNG and SVG out, the same bytes for the same tables.

An animation, a figure function that returns a list of figures, is also written as a GIF beside the PNG;
PNG and SVG then show its first frame.  The caption also stands in the files' metadata, under `Description`,
and in the PNG's `Caption-Top` the share of its height above the caption, for pages that set it themselves;
`Table` holds the texts of a figure that is a table.

By hand:  python workflow_scripts/draw.py needle.fig3 --table measures.csv --about "CIFAR-10" \
              --png fig3.png --svg fig3.svg
"""

import argparse
import ast
import importlib
import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.artefacts import kept, together

if TYPE_CHECKING:  # pandas and matplotlib are imported once the arguments have proved right
    import pandas as pd
    from matplotlib.figure import Figure

FRAME_DPI, FRAME_TIME, FRAME_COLOURS = 110, 120, 64  # of a GIF: dots an inch, ms, colours of all frames


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figure", help="study and figure, for instance needle.fig3")
    parser.add_argument(
        "--table",
        "--tables",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH",
        help="the tables the figure needs, each known by its file name without .csv; may be repeated",
    )
    parser.add_argument("--about", required=True, help="what the tables were measured on, for the caption")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a further keyword of the figure, for instance classes=100",
    )
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--svg", type=Path, required=True)
    args = parser.parse_args(argv)
    paths = {path.stem: path for path in args.table}
    absent = [str(path) for path in args.table if not path.is_file()]
    if absent:
        raise SystemExit(
            f"error: table {', '.join(absent)} does not exist: make it by naming it as a target of snakemake"
        )
    draw = find_figure(args.figure)
    options = keywords(draw, args.figure, args.option)
    given = read_tables(draw, args.figure, paths)
    from anarch.figures.tables import TableError

    try:
        drawn = draw(**given, about=args.about, **options)
    except TableError as error:
        raise SystemExit(f"error: {args.figure}: {error}") from None
    save(drawn, args.png, args.svg)


def find_figure(name: str) -> Callable[..., "Figure | list[Figure]"]:
    """The function behind ``study.figure``; SystemExit names what there is."""
    study, _, wanted = name.partition(".")
    if not study.isidentifier() or importlib.util.find_spec(f"anarch.figures.{study}") is None:
        raise SystemExit(
            f"error: no study {study!r} in anarch.figures: write study.figure, for instance needle.fig3"
        )
    module = importlib.import_module(f"anarch.figures.{study}")
    if wanted not in getattr(module, "__all__", ()):
        raise SystemExit(
            f"error: study {study} has no figure {wanted!r}; "
            f"it has {', '.join(getattr(module, '__all__', ()))}"
        )
    return getattr(module, wanted)


def keywords(draw: Callable[..., Any], name: str, texts: list[str]) -> dict[str, Any]:
    """A figure's ``NAME=VALUE`` options: its keyword-only parameters but ``about``, as Python literals."""
    known = [
        key
        for key, parameter in inspect.signature(draw).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and key != "about"
    ]
    found = {}
    for text in texts:
        key, _, value = text.partition("=")
        if key not in known:
            raise SystemExit(f"error: {name} takes no option {key!r}; it takes: {', '.join(known) or 'none'}")
        try:
            found[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[key] = value
    return found


def read_tables(draw: Callable[..., Any], name: str, paths: dict[str, Path]) -> dict[str, "pd.DataFrame"]:
    """Read the tables ``draw`` has parameters for; SystemExit where one lacks, is unknown or is no table."""
    from shared.frames import read_frame

    wanted = [
        key
        for key, parameter in inspect.signature(draw).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY
    ]
    for problem, stems in (("needs", set(wanted) - set(paths)), ("takes no", set(paths) - set(wanted))):
        if stems:
            raise SystemExit(
                f"error: {name} {problem} table {', '.join(sorted(stems))}; "
                f"its tables are: {', '.join(wanted)}"
            )
    return {stem: read_frame(paths[stem]) for stem in wanted}


def save(drawn: "Figure | list[Figure]", png: Path, svg: Path) -> None:
    """All files or none; of an animation a GIF too, named as the PNG.

    No date or version inside, so equal figures are equal bytes.
    """
    import matplotlib

    from anarch.figures.style import RC, written

    frames = drawn if isinstance(drawn, list) else [drawn]
    gif = [png.with_suffix(".gif")] if isinstance(drawn, list) else []
    with matplotlib.rc_context(RC), together():
        caption, top = written(frames[0])
        about = {"Description": caption, "Caption-Top": f"{top:.4f}"}
        if texts := frames[0].get_label():
            about["Table"] = str(texts)
        with kept(png) as partial:
            frames[0].savefig(partial, format="png", metadata={"Software": None, **about})
        said = {"Date": None, "Creator": None, "Description": caption}
        with kept(svg) as partial:
            frames[0].savefig(partial, format="svg", metadata=said)
        for path in gif:
            with kept(path) as partial:
                write_gif(frames, partial)


def write_gif(frames: list["Figure"], path: Path) -> None:
    """``frames``, of one size, one after the other without end, in colours that all of them share."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    pictures = []
    for frame in frames:
        frame.set_dpi(FRAME_DPI)
        canvas = FigureCanvasAgg(frame)
        canvas.draw()
        pictures.append(np.asarray(canvas.buffer_rgba())[..., :3])
    height, width, _ = pictures[0].shape
    # One picture of all frames: a palette of each frame's own would make still parts flicker.
    strip = Image.fromarray(np.concatenate(pictures)).quantize(FRAME_COLOURS, dither=Image.Dither.NONE)
    first, *others = (strip.crop((0, i * height, width, (i + 1) * height)) for i in range(len(frames)))
    first.save(path, format="GIF", save_all=True, append_images=others, duration=FRAME_TIME, loop=0)


if __name__ == "__main__":
    main()
