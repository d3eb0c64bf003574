"""Good and bad minima of an MLP on two Gaussians, reached in four ways (bad_minima, Fig. 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.data.toys import random_labels, two_gaussians
from anarch.randomness import generator
from anarch.training.ensemble import Descent, Ensemble, Points
from anarch.training.stacked import fresh


@dataclass(frozen=True, kw_only=True)
class Toy:
    """The toy; the paper states neither the Gaussians nor the rates."""

    points: int = 50  # of each class
    centre: float = 2.0  # the means are (-centre, 0) and (centre, 0)
    std: float = 0.5  # of both Gaussians
    noise: float = 0.3  # standard deviation of the augmentation's noise
    weight_decay: float = 0.1  # l2 of setting 4
    width: int = 100  # units of each of the two hidden layers
    lr: float = 0.01  # of all settings
    steps: int = 2000  # of setting 4, and most of 1 and 3
    random_steps: int = 2000  # of a round of setting 2
    random_rounds: int = 6  # most rounds of setting 2
    cutoff: float = 0.05  # loss at which settings 1 to 3 stop

    def __post_init__(self) -> None:
        if self.points < 1:
            raise ValueError(f"points must be 1 or more, got {self.points}")

    @property
    def widths(self) -> tuple[int, ...]:
        return (2, self.width, self.width, 1)


@dataclass(frozen=True)
class _Draws:
    """What the network of each seed is trained on; x is (seeds, n, 2) and labels are (seeds, n)."""

    x: Tensor
    true: Tensor
    random: Tensor
    noisy: list[Tensor]  # two noisy copies of x


def toy_minima(toy: Toy, seeds: Sequence[int], device: torch.device) -> list[tuple[Tensor, Points]]:
    """Parameters (seeds, P) at the end of settings 1 to 4, each with the points that it shall have right.

    1: true labels.  2: random labels.  3: from 2, true labels.  4: from 2, true labels, data augmentation and
    l2.  All is full batch: 2 by Adam, in rounds with a cosine schedule each, the others by plain gradient
    descent at one rate.  A network of 1, 2 or 3 stops at the first step where its accuracy on the points is 1
    and its mean cross entropy below the cutoff; 4 takes all steps, since l2 keeps its loss up.  Augmentation
    adds two noisy copies of each point, drawn once.
    """
    draws = _draws(toy, seeds, device)
    start = fresh(toy.widths, [generator(seed, "weights") for seed in seeds]).to(device)
    plain = Descent(steps=toy.steps, optimiser="sgd", stop_below=toy.cutoff)
    memorise = Descent(steps=toy.random_steps, schedule="cosine", stop_below=toy.cutoff)
    regularised = Descent(steps=toy.steps, optimiser="sgd")

    def trained(begin: Tensor, descent: Descent, points: Points, weight_decay: float = 0.0) -> Tensor:
        ensemble = Ensemble(begin, toy.widths, descent, points, lr=toy.lr, weight_decay=weight_decay)
        ensemble.run()
        return ensemble.parameters

    adversarial, true, random = start, (draws.x, draws.true), (draws.x, draws.random)
    for _ in range(toy.random_rounds):  # a network that has them all right stops before its first step
        adversarial = trained(adversarial, memorise, random)
    copies = (torch.cat((draws.x, *draws.noisy), 1), draws.true.repeat(1, 1 + len(draws.noisy)))
    return [
        (trained(start, plain, true), true),
        (adversarial, random),
        (trained(adversarial, plain, true), true),
        (trained(adversarial, regularised, copies, toy.weight_decay), true),
    ]


def _draws(toy: Toy, seeds: Sequence[int], device: torch.device) -> _Draws:
    sets = [
        two_gaussians(toy.points, generator(seed, "points"), centre=(toy.centre, 0.0), std=toy.std)
        for seed in seeds
    ]
    x, true = (torch.stack(parts).to(device) for parts in zip(*sets, strict=True))
    random = torch.stack([random_labels(2 * toy.points, generator(seed, "labels")) for seed in seeds])
    noises = [generator(seed, "augmentation") for seed in seeds]
    noisy = [
        x
        + toy.noise * torch.stack([torch.randn(x.shape[1:], generator=noise) for noise in noises]).to(device)
        for _ in range(2)
    ]
    return _Draws(x, true, random.to(device), noisy)
