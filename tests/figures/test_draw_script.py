"""The drawing program: tables to files, the same bytes each time, one line for each mistake, and no torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "workflow_scripts" / "draw.py"


@pytest.fixture(scope="module")
def draw():
    """The program's ``main``, imported from its file."""
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        import draw as module
    finally:
        sys.path.remove(str(SCRIPT.parent))
    return module.main


@pytest.fixture(scope="module")
def folder(tables, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables")
    for name, table in tables(seeds=2, times=(0, 3, 20)).items():
        table.to_csv(path / f"{name}.csv", index=False)
    return path


def arguments(
    folder: Path, out: Path, figure: str, *tables: str, about: str = "planted", options: tuple[str, ...] = ()
) -> list[str]:
    paths = [part for table in tables for part in ("--table", str(folder / f"{table}.csv"))]
    return [
        figure,
        *paths,
        "--about",
        about,
        *options,
        "--png",
        str(out / "x.png"),
        "--svg",
        str(out / "x.svg"),
    ]


@pytest.mark.parametrize(
    ("figure", "tables_"),
    [("needle.fig1", ["paths"]), ("needle.fig7", ["filters"]), ("needle.figA", ["blocks"])],
)
def test_same_tables_same_bytes(draw, folder, tmp_path, figure, tables_):
    for run in ("one", "two"):
        draw(arguments(folder, tmp_path / run, figure, *tables_))
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["SHA256", "x.png", "x.svg"]
    for name in ("x.png", "x.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert b"dc:date" not in (tmp_path / "one" / "x.svg").read_bytes()


def test_a_process_of_its_own_gives_the_same_bytes_and_loads_no_torch(draw, folder, tmp_path):
    """Also under another hash seed and a matplotlibrc of the user's."""
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsvg.fonttype: none\nlines.linewidth: 5\n")
    code = (
        f"import sys; sys.path[:0] = [{str(SCRIPT.parent)!r}, {str(ROOT)!r}]; "
        "import draw; draw.main(sys.argv[1:]);"
        "print(*(name for name in ('torch', 'seaborn', 'matplotlib.pyplot') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments(folder, tmp_path / "own", "needle.fig3", "measures")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(tmp_path), "MPLCONFIGDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
    draw(arguments(folder, tmp_path / "here", "needle.fig3", "measures"))
    for name in ("x.png", "x.svg"):
        assert (tmp_path / "own" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


@pytest.mark.parametrize(("figure", "table"), [("needle.fig3", "measures"), ("needle.figA", "blocks")])
def test_the_caption_stands_in_the_files_and_can_be_cut_off(draw, folder, tmp_path, figure, table):
    draw(arguments(folder, tmp_path, figure, table, about="R & D, 5 $"))
    with Image.open(tmp_path / "x.png") as image:
        caption, top = image.info["Description"], float(image.info["Caption-Top"])
        dark = np.asarray(image.convert("L")) < 250
    assert r" R & D, 5 \$; " in caption and "\n" not in caption
    assert caption.replace("&", "&amp;") in (tmp_path / "x.svg").read_text()
    cut = round(top * len(dark))
    assert 0.5 < top < 1 and not dark[cut - 1 : cut + 1].any()  # between two rows of ink
    assert dark[:cut].any() and dark[cut:].any()


def test_tables_may_follow_one_flag(draw, folder, tmp_path):
    draw(arguments(folder, tmp_path / "one", "needle.figB2", "history", "measures"))
    several = [
        "needle.figB2",
        "--tables",
        str(folder / "history.csv"),
        str(folder / "measures.csv"),
        "--about",
        "planted",
    ]
    draw([*several, "--png", str(tmp_path / "x.png"), "--svg", str(tmp_path / "x.svg")])
    assert (tmp_path / "x.svg").read_bytes() == (tmp_path / "one" / "x.svg").read_bytes()


def test_options_reach_the_figure(draw, folder, tmp_path):
    for classes in (10, 100):
        draw(
            arguments(
                folder,
                tmp_path / str(classes),
                "needle.fig5",
                "measures",
                options=("--option", f"classes={classes}"),
            )
        )
    assert (tmp_path / "10" / "x.svg").read_bytes() != (tmp_path / "100" / "x.svg").read_bytes()


@pytest.mark.parametrize(
    ("figure", "tables_", "options", "message"),
    [
        ("needle.fig99", ["measures"], (), "study needle has no figure 'fig99'; it has fig1, fig2"),
        ("needle", ["measures"], (), "study needle has no figure ''"),
        ("noodle.fig1", ["measures"], (), "no study 'noodle'"),
        ("needle.fig3", [], (), "needle.fig3 needs table measures"),
        ("needle.figB1", ["measures"], (), "needs table history; its tables are: measures, history"),
        ("needle.fig3", ["measures", "paths"], (), "takes no table paths"),
        ("needle.fig3", ["absent"], (), "absent.csv does not exist"),
        (
            "needle.fig5",
            ["measures"],
            ("--option", "clases=3"),
            "takes no option 'clases'; it takes: classes",
        ),
    ],
)
def test_mistakes_are_one_line_and_leave_no_file(draw, folder, tmp_path, figure, tables_, options, message):
    with pytest.raises(SystemExit) as stopped:
        draw(arguments(folder, tmp_path, figure, *tables_, options=options))
    assert message in str(stopped.value) and "\n" not in str(stopped.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("protocol,model\nsgd,CNN\n", "needle.fig3: table measures lacks column relax_time"),
        ("", "measures.csv is empty; make it again: snakemake"),
    ],
)
def test_a_bad_table_is_named(draw, tmp_path, content, message):
    (tmp_path / "measures.csv").write_text(content)
    with pytest.raises(SystemExit) as stopped:
        draw(arguments(tmp_path, tmp_path / "out", "needle.fig3", "measures"))
    assert message in str(stopped.value) and "\n" not in str(stopped.value)
    assert not (tmp_path / "out").exists()
