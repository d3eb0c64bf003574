"""At which epochs the needle authors keep a network."""


def log_spaced(last: int, points: int = 20) -> tuple[int, ...]:
    """0 and the whole parts of ``points`` logarithmically spaced epochs from 1 to ``last`` (needle, Sec. 4).

    >>> log_spaced(150)
    (0, 1, 2, 3, 4, 6, 8, 10, 13, 18, 23, 30, 40, 52, 67, 88, 115, 150)
    """
    if last < 1 or points < 2:
        raise ValueError(f"needs last >= 1 and points >= 2, got {last} and {points}")
    inner = {int(last ** (k / (points - 1))) for k in range(points - 1)}
    return tuple(sorted({0, last} | inner))
