"""A wide network reduced at a step of its training, against itself (embedding, Figs. 5 and 6)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from anarch.critical.descent import History, Net, recorded, train
from anarch.critical.reduction import Groups, agreement, merge

Examples = tuple[Tensor, Tensor]  # x (n, ...) and y (n, d')


@dataclass(frozen=True)
class Comparison:
    """The wide network, the reduced one right after merging, and the reduced one back at the wide one's loss.

    Agreement and accuracy (0 to 1) are of predictions on the test samples.
    """

    width: int
    loss: float  # of the wide network
    low: int  # neurons of low amplitude, left out
    groups: int
    largest: int  # neurons of the largest group
    loss_merged: float
    loss_retrained: float
    loss_end: float  # of the reduced network after all its steps
    retrain_steps: int  # until the reduced network is back at the loss, or all that it took
    agreement_merged: float
    agreement: float
    test_samples: int
    accuracy: float
    accuracy_reduced: float
    gradient_norm_wide: float  # L1, as all such norms here
    gradient_norm: float
    spread_gradient_norm: float  # of the reduced network, split back to the width
    spread_output_change: float  # by splitting it back: 0 but for rounding


def train_on(net: Net, examples: Examples, *, lr: float, steps: int, record_every: int) -> History:
    """Adam from ``net``, which stays as it is; a snapshot of every recorded step, on the CPU.

    Only what is trained on lies on the device of ``examples``: networks are small and compared on the CPU.
    """
    x, y = examples
    looks = recorded(steps, record_every)
    there = net.clone().to(x.device)
    history = train(there, x, y, lr=lr, steps=steps, adam=True, record_every=record_every, keep=looks)
    kept = {step: net.to(torch.device("cpu")) for step, net in history.snapshots.items()}
    return replace(history, snapshots=kept)


def reduce_at(
    step: int,
    history: History,
    groups: Groups,
    train_examples: Examples,
    test_examples: Examples,
    draws: torch.Generator,
    *,
    lr: float,
    steps: int,
) -> tuple[Comparison, History, Tensor]:
    """Merge the ``groups`` of the network at ``step`` of ``history`` and train the reduced one for ``steps``.

    The two are compared right after the merging and, as in the paper, at the same loss: at the first step, of
    which each is looked at, where the reduced one is back at the loss of ``step``; some steps later it is
    another network.  Then it is split back to the width, which must change nothing.

    Returns: the comparison, the training of the reduced network, and the counts (d', d') of pairs of
    predictions, rows by the wide network.
    """
    record, wide = history.steps.index(step), history.snapshots[step]
    narrow, target = merge(wide, groups, draws), history.losses[record]
    after = train_on(narrow, train_examples, lr=lr, steps=steps, record_every=1)
    back = next((k for k, value in enumerate(after.losses) if value <= target), len(after.losses) - 1)
    compared = after.snapshots[after.steps[back]]
    rewidened = compared.widened(len(wide.inner))
    split = train_on(rewidened, train_examples, lr=lr, steps=0, record_every=1)
    x, y = test_examples
    before, reduced = wide.output(x), compared.output(x)
    share, pairs = agreement(before, reduced)
    comparison = Comparison(
        width=len(wide.inner),
        loss=target,
        low=len(groups.dropped),
        groups=len(groups.members),
        largest=len(groups.members[0]),
        loss_merged=after.losses[0],
        loss_retrained=after.losses[back],
        loss_end=after.losses[-1],
        retrain_steps=after.steps[back],
        agreement_merged=agreement(before, narrow.output(x))[0],
        agreement=share,
        test_samples=len(x),
        accuracy=agreement(before, y)[0],
        accuracy_reduced=agreement(reduced, y)[0],
        gradient_norm_wide=history.gradient_norms[record],
        gradient_norm=after.gradient_norms[back],
        spread_gradient_norm=split.gradient_norms[0],
        spread_output_change=(rewidened.output(x) - reduced).abs().max().item(),
    )
    return comparison, after, pairs
