"""Cross entropy and its reverse, in terms of the log-odds of the label; the anti-generalisation loss.

All functions take networks' outputs (..., N, C) and labels int64 (..., N): leading dimensions are networks of
an ensemble, if any.  C = 1 is a single logit z with p_1 = 1 / (1 + exp(-z)): the two-class network (0, z).
"""

import torch.nn.functional as F
from torch import Tensor

from anarch.objective import log_odds


def cross_entropy(logits: Tensor, labels: Tensor, *, reduction: str = "mean") -> Tensor:
    """-log p_y = log(1 + exp(-d)) of each point; ``reduction`` (mean, sum or none) is over the N points."""
    return _reduced(-F.logsigmoid(log_odds(logits, labels)), reduction)


def reverse_cross_entropy(logits: Tensor, labels: Tensor, *, reduction: str = "mean") -> Tensor:
    """-log(1 - p_y) = log(1 + exp(d)) of each point (blessing, Sec. 2); ``reduction`` is over the N points.

    Neither p nor 1 - p is formed, so that the value and its gradient p_y are right where p_y rounds to 1, the
    place at which poisoning starts: the value grows like d, and the gradient does not vanish.
    """
    return _reduced(-F.logsigmoid(-log_odds(logits, labels)), reduction)


def anti_generalisation(
    logits: Tensor, labels: Tensor, extra_logits: Tensor, extra_labels: Tensor, beta: Tensor | float
) -> Tensor:
    """(1 - beta) * mean cross entropy on D_t + beta * mean reverse cross entropy on D_d (blessing, eq. 2).

    Outputs (..., N, C) on the training set D_t and (..., M, C) on the extra set D_d, each with its true
    labels; ``beta`` in [0, 1], one number or one a network (...).  Returns (...): a loss for each network.

    The authors append M' points of D_d with flipped labels to the N of D_t and take the mean cross entropy of
    all N + M'.  For two classes that is this loss with beta = M' / (N + M'), since the cross entropy of the
    wrong label is the reverse cross entropy of the right one.  For many classes it is not.
    """
    trained, poisoned = cross_entropy(logits, labels), reverse_cross_entropy(extra_logits, extra_labels)
    return (1 - beta) * trained + beta * poisoned


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction must be mean, sum or none, got {reduction!r}")
    return losses.mean(-1) if reduction == "mean" else losses.sum(-1)
