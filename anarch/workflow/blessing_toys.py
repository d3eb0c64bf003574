"""What the toy jobs of the blessing study do, as plain data: swiss roll, minefield and rings."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Descending:
    """How a toy network descends, full batch.  Every default switches its option off."""

    steps: int
    lr: float
    optimiser: str = "adam"  # sgd | adam | rmsprop
    clip_norm: float | None = None  # largest norm of the whole gradient
    weight_decay: float = 0.0  # l2 of weights, not of biases
    schedule: str = "constant"  # constant | steps | cosine
    milestones: tuple[int, ...] = ()  # schedule "steps": steps after which lr is multiplied by gamma
    gamma: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Swissroll:
    """Good (beta 0) and poisoned networks on the two spirals of Figs. 3, 5 and 6: one a seed and beta."""

    seeds: tuple[int, ...]
    betas: tuple[float, ...]
    train: int  # points of D_t, a set per seed
    extra: int  # points of D_d, fresh ones in each step
    test: int
    hidden: tuple[int, ...]
    good: Descending
    poisoned: Descending
    start: str = "default"  # default | glorot_uniform | glorot_normal
    input_scale: float = 1.0  # the network sees points times this


@dataclass(frozen=True, kw_only=True)
class Minefield:
    """One good network on its way, and a poisoned minimum from each kept iterate (Fig. 1)."""

    seed: int
    every: int  # epochs between kept iterates
    train: int
    extra: int  # points of D_d, the same in all steps
    test: int
    beta: float
    hidden: tuple[int, ...]
    good: Descending
    poisoned: Descending
    start: str = "default"
    input_scale: float = 1.0
    batch_size: int = 0  # of the good training, whose steps then count epochs; 0: all points at once


@dataclass(frozen=True, kw_only=True)
class Rings:
    """Networks on the concentric rings with a wide and with a pinched margin (Fig. 8)."""

    seeds: tuple[int, ...]
    wide: float  # gap between the two inner rings
    pinched: float
    hidden: tuple[int, ...]
    descent: Descending
    start: str = "default"
    grid: int = 101  # points of the kept grid along each axis


def shape(hidden: tuple[int, ...]) -> str:
    """Hidden widths in short: equal ones counted, (48, 48, 48) as 48x3, others in full, 23-16-26."""
    if len(set(hidden)) == 1:
        return f"{hidden[0]}x{len(hidden)}"
    return "-".join(map(str, hidden))
