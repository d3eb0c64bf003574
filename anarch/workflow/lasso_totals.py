"""lambda and beta of beta-LASSO for a run of any length, from the two quantities that decide its outcome.

Over a whole run the l1 term takes Lambda = lambda * sum(lr) off each weight, and the threshold cuts below
tau = beta * lambda.  The paper's lambda does nothing in a few epochs (its 400 have sum(lr) = 1,960 and
Lambda = 0.02 at lambda = 1e-5), so short runs keep Lambda and tau, and lambda and beta follow.
"""


def lr_sum(lr: float, steps: int, schedule: str = "cosine") -> float:
    """Sum of the learning rates of ``steps`` updates of a run that starts at ``lr``, in closed form.

    - constant: lr * steps
    - cosine: sum over t < T of lr (1 + cos(pi t / T)) / 2 = lr (T + 1) / 2

    Raises:
        ValueError: another schedule, or fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"steps must be 1 or more, got {steps}")
    if schedule == "constant":
        return lr * steps
    if schedule == "cosine":
        return lr * (steps + 1) / 2
    raise ValueError(f"schedule must be constant or cosine, got {schedule!r}")


def from_totals(shrink: float, threshold: float, lr_sum: float) -> tuple[float, float]:
    """(lambda, beta) of `anarch.BetaLasso` from ``shrink`` Lambda and ``threshold`` tau, in units of weights.

    >>> from_totals(0.02, 5e-4, 1960.0)  # the paper's 400 epochs: lambda = 1e-5, beta = 50
    (1.0204081632653061e-05, 49.0)

    Raises:
        ValueError: a negative number, no learning at all, or a threshold without any shrink: lambda = 0
            has no beta that cuts.
    """
    if not (shrink >= 0 and threshold >= 0 and lr_sum > 0):
        raise ValueError(
            f"shrink and threshold must be 0 or more and lr_sum above 0, got {shrink}, {threshold}, {lr_sum}"
        )
    if shrink == 0:
        if threshold > 0:
            raise ValueError(f"a threshold of {threshold} needs a shrink above 0; plain SGD has neither")
        return 0.0, 0.0
    l1 = shrink / lr_sum
    return l1, threshold / l1
