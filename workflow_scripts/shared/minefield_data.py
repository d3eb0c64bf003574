"""The minefield's sets of points as its networks see them, and the networks' widths."""

from anarch.data.toys import Points, minefield_spirals
from anarch.randomness import generator
from anarch.training.stacked import Widths
from anarch.workflow.blessing_toys import Minefield


def widths(spec: Minefield) -> Widths:
    return (2, *spec.hidden, 1)


def split(spec: Minefield, name: str) -> Points:
    """D_t ("train"), D_d ("extra") or the test set ("test") as the networks see them: (n, 2) and (n,)."""
    x, y = minefield_spirals(getattr(spec, name), generator(spec.seed, "minefield", name))
    return spec.input_scale * x, y
