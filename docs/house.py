"""The rooms of the project and who imports whom, read from its syntax trees; drawn as house.svg.

By hand:  make house
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

ROOT = Path(__file__).parents[1]
# Floor by floor from the ground: a room knows rooms of lower floors only.  Place along the floor: 0 to 1.
FLOORS: list[dict[str, float]] = [
    {"models": 0.06, "onednn": 0.22, "randomness": 0.38, "contract": 0.53, "figures": 0.69, "claims": 0.86},
    {"lifting": 0.06, "workflow": 0.86},
    {"data": 0.6},
    {"complexity": 0.06, "landscape": 0.27, "training": 0.55, "critical": 0.95},
    {"atlas": 0.17, "arithmetic": 0.38, "report": 0.86},
    {"cost": 0.58},
    {"workflow_scripts": 0.29, "rules": 0.72},
]
# Whom a room may import; Snakemake is known by rules only, command lines by commands only.
MAY_KNOW: dict[str, set[str]] = {
    "models": set(),
    "onednn": set(),
    "randomness": set(),
    "contract": set(),
    "figures": set(),
    "claims": set(),
    "lifting": {"contract", "models"},
    "workflow": {"claims"},
    "data": {"contract", "randomness", "workflow"},
    "complexity": {"contract", "models", "lifting"},
    "landscape": {"contract", "models", "lifting", "onednn", "randomness"},
    "critical": {"models", "onednn", "randomness"},
    "training": {"contract", "data", "lifting", "models", "onednn", "randomness", "workflow"},
    "atlas": {"complexity", "landscape", "lifting", "models"},
    "arithmetic": {"onednn", "training"},
    "cost": {"atlas", "critical", "data", "landscape", "lifting", "models", "training", "workflow"},
    "report": {"claims", "workflow"},
    "workflow_scripts": {room for floor in FLOORS[:-1] for room in floor},
    "rules": {"workflow"},
}
SAYS = {
    "models": "architectures",
    "onednn": "guard of a kernel",
    "randomness": "generators by purpose",
    "contract": "of measures",
    "figures": "tables to figures",
    "claims": "tables to verdicts",
    "lifting": "CNN to FCN and LCN",
    "workflow": "config, specs, registers,\ndigests, paths: no torch",
    "data": "datasets as tensors",
    "complexity": "norms, sizes",
    "landscape": "gradients,\nHessians, basins",
    "critical": "critical points",
    "training": "loop, optimisers,\nlosses",
    "atlas": "all networks alike",
    "arithmetic": "check of this machine",
    "cost": "what a target costs",
    "report": "the page of verdicts",
    "workflow_scripts": "a command per kind of job: knows every room",
    "rules": "know Snakemake",
}
# Modules that are one room: what a measure asks of a model, its inputs and its loss.
PARTS = dict.fromkeys(("determinism", "foreign", "modes", "objective", "tensors"), "contract")
PLACES = {room: (x, y) for y, floor in enumerate(FLOORS) for room, x in floor.items()}


@cache
def imports() -> dict[str, set[str]]:
    """Room -> rooms that it imports, by statement or by name."""
    found: dict[str, set[str]] = {room: set() for room in PLACES}
    for file in sorted([*ROOT.glob("anarch/**/*.py"), *ROOT.glob("workflow_scripts/**/*.py")]):
        if file != ROOT / "anarch/__init__.py":
            room = room_of(file)
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found[room] |= {other for other in modules(tree) if other != room}
    for file in [ROOT / "Snakefile", *ROOT.glob("rules/*.smk")]:
        named = re.findall(r"^from anarch\.(\w+)|^from anarch import (\w+)", file.read_text("utf-8"), re.M)
        found["rules"] |= {one or other for one, other in named}
    return found


def room_of(file: Path) -> str:
    """The package of the project that ``file`` belongs to."""
    parts = file.relative_to(ROOT).parts
    name = Path(parts[1]).stem if parts[0] == "anarch" else parts[0]
    return PARTS.get(name, name)


def modules(tree: ast.AST) -> Iterator[str]:
    """Rooms of anarch that a module imports."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            # An f-string begins with the package that it names a module of.
            names = re.findall(r"^f?'(anarch\.\w+)", ast.unparse(node.args[0]))
        rooms = (name.split(".")[1] for name in names if name.startswith("anarch."))
        yield from (PARTS.get(room, room) for room in rooms)


def draw() -> Figure:
    """Rooms on their floors, and an arrow from each to whom it imports."""
    made = Figure(figsize=(9.6, 6.6))
    ax = made.add_axes((0.01, 0.01, 0.98, 0.98))
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.45, len(FLOORS) - 0.5))
    ax.axis("off")
    for y in range(1, len(FLOORS)):
        ax.axhline(y - 0.5, color="#dddddd", linewidth=0.7)
    for room, known in imports().items():
        for other in sorted(known) if room != "workflow_scripts" else ():
            (x, y), (to, below) = PLACES[room], PLACES[other]
            arrow = FancyArrowPatch(
                (x, y - 0.22),
                (to, below + 0.22),
                shrinkA=0,
                shrinkB=1,
                arrowstyle="-|>",
                mutation_scale=9,
                color="#6b7f94",
                linewidth=0.9,
            )
            ax.add_patch(arrow)
    for room, (x, y) in PLACES.items():
        wide = 0.3 if room == "workflow_scripts" else 0.072
        box = FancyBboxPatch((x - wide, y - 0.22), 2 * wide, 0.44, boxstyle="round,pad=0,rounding_size=0.02")
        box.set(facecolor="#f4f7fa", edgecolor="#30404f", linewidth=0.8)
        ax.add_patch(box)
        ax.text(x, y + 0.09, room, ha="center", va="center", fontsize=9, fontweight="bold")
        ax.text(x, y - 0.09, SAYS[room], ha="center", va="center", fontsize=6.5, linespacing=0.95)
    return made


def described() -> str:
    """Who imports whom, in words: what the picture shows, kept in its metadata."""
    return "; ".join(f"{room}: {', '.join(sorted(known)) or 'nobody'}" for room, known in imports().items())


if __name__ == "__main__":
    matplotlib.rcParams["svg.hashsalt"] = "anarch"  # equal houses, equal bytes
    draw().savefig(ROOT / "docs/house.svg", metadata={"Date": None, "Description": described()})
