"""Tabs. 3 and 4 of scratch as printed, beside the formulas that hold; and how sizes scale (Fig. 1, right).

In formulas s is the side of the image, c the number of classes and alpha that of base channels.  As in the
paper weights on zero padding count; `acting` is without them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from anarch.workflow.scratch_counts import CONNECTIVITIES, CONVOLUTIONS, HIDDEN, weights

TABLES = {"d_conv": 3, "s_conv": 4}
BASE = {"d_conv": 15, "s_conv": 150}  # alpha at which D-FC and S-FC have about 256 M weights (Tab. 1)
SIDE, CLASSES = 32, 10
ALPHAS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SIDES = (8, 16, 32, 64, 128, 256)
SCALED_ALPHA = 16  # of the panel over image sides; the paper does not tell its own
NEARLY = 0.01  # relative difference of a total that the paper's sign for "about" may stand for


class Term(NamedTuple):
    """factor * s^s * alpha^alpha * c^c."""

    factor: Fraction
    s: int
    alpha: int
    c: int = 0

    def value(self, s: int, alpha: int, c: int) -> Fraction:
        return self.factor * (s**self.s * alpha**self.alpha * c**self.c)

    def text(self) -> str:
        """TeX without dollars."""
        powers = (("c", self.c), ("s", self.s), (r"\alpha", self.alpha))
        symbols = "".join(name if power == 1 else f"{name}^{power}" for name, power in powers if power)
        number = "" if self.factor.numerator == 1 else f"{self.factor.numerator}"
        return f"{number}{symbols}" + ("" if self.factor.denominator == 1 else f"/{self.factor.denominator}")


def true_terms(network: str, connectivity: str) -> dict[str, Term]:
    """By layer, conv1 to fc2; exact where each stride divides the side of its map."""
    terms, seen, shrunk = (
        {},
        3,
        1,
    )  # channels (of the image, then in units of alpha), area over that of the image
    for number, row in enumerate(CONVOLUTIONS[network], start=1):
        kernels, area, alpha = seen * row.channels, shrunk * row.stride**2, min(number, 2)
        terms[f"conv{number}"] = {
            "conv": Term(Fraction(row.kernel**2 * kernels), 0, alpha),
            "local": Term(Fraction(row.kernel**2 * kernels, area), 2, alpha),
            "fc": Term(Fraction(kernels, shrunk * area), 4, alpha),
        }[connectivity]
        seen, shrunk = row.channels, area
    hidden = HIDDEN[network]
    terms["fc1"] = Term(Fraction(seen * hidden, shrunk), 2, 2)
    terms["fc2"] = Term(Fraction(hidden), 0, 1, 1)
    return terms


def printed_terms(network: str, connectivity: str) -> dict[str, Term]:
    """As printed: conv3 to conv8 of D-LOCAL forget that channels grow while maps shrink."""
    terms = true_terms(network, connectivity)
    if (network, connectivity) == ("d_conv", "local"):
        terms |= {f"conv{n}": Term(Fraction(9, 2 ** (n - 1)), 2, 2) for n in range(3, 9)}
    return terms


def true_total(network: str, connectivity: str) -> list[Term]:
    """Terms of like powers added up, the highest first."""
    sums: Counter[tuple[int, int, int]] = Counter()
    for term in true_terms(network, connectivity).values():
        sums[term[1:]] += term.factor  # type: ignore[assignment]
    return [Term(Fraction(factor), *powers) for powers, factor in sorted(sums.items(), reverse=True)]


def printed_total(network: str, connectivity: str) -> list[Term]:
    """Tab. 3 rounds its geometric series; Tab. 4 is exact."""
    if network == "s_conv":
        return true_total(network, connectivity)
    alpha = {"conv": (27, 0), "local": (27, 2), "fc": (3, 4)}[connectivity]
    squares = {"conv": ((4, 2), (9 * 2**8, 0)), "local": ((13, 2),), "fc": ((1, 4), (4, 2))}[connectivity]
    return [
        *(Term(Fraction(factor), s, 2) for factor, s in squares),
        Term(Fraction(alpha[0]), alpha[1], 1),
        Term(Fraction(64), 0, 1, 1),
    ]


def parameter_rows() -> Iterator[dict[str, Any]]:
    """Tabs. 3 and 4, one row per layer and connectivity, and their totals."""
    for network, table in TABLES.items():
        for connectivity in CONNECTIVITIES:
            facts = {"table": table, "network": label(network, connectivity), "alpha": BASE[network]}
            at = (SIDE, BASE[network], CLASSES)
            acting = weights(network, connectivity, BASE[network], classes=CLASSES)
            printed = printed_terms(network, connectivity)
            for layer, term in true_terms(network, connectivity).items():
                shown = _compared([printed[layer]], [term], at)
                words = {"layer": layer, "description": description(network, layer)}
                yield {**facts, **words, **shown, "acting": acting[layer]}
            totals = (printed_total(network, connectivity), true_total(network, connectivity))
            shown = _compared(*totals, at)
            yield {**facts, "layer": "total", "description": "", **shown, "acting": sum(acting.values())}


def scaling_rows() -> Iterator[dict[str, Any]]:
    """Fig. 1, right: weights against alpha and against the side of the image."""
    points = [("alpha", alpha, SIDE) for alpha in ALPHAS] + [("size", SCALED_ALPHA, side) for side in SIDES]
    for panel, alpha, side in points:
        for network in TABLES:
            for connectivity in CONNECTIVITIES:
                shape = (3, side, side)
                counts = weights(
                    network, connectivity, alpha, input_shape=shape, classes=CLASSES, padding_taps=True
                )
                yield {
                    "panel": panel,
                    "network": label(network, connectivity),
                    "alpha": alpha,
                    "size": side,
                    "weights": sum(counts.values()),
                }


def label(network: str, connectivity: str) -> str:
    return f"{network[0].upper()}-{connectivity.upper()}"


def description(network: str, layer: str) -> str:
    """What the tables print beside a layer, with a for alpha."""
    kind, number = layer[:-1], int(layer[-1])
    if kind == "conv":
        channels, kernel, stride = CONVOLUTIONS[network][number - 1]
        return f"conv{kernel}x{kernel}({channels if channels > 1 else ''}a, {stride})"
    return f"FC({HIDDEN[network]}a)" if number == 1 else "FC(c)"


def _compared(printed: Sequence[Term], true: Sequence[Term], at: tuple[int, int, int]) -> dict[str, Any]:
    values = [sum((term.value(*at) for term in terms), Fraction()) for terms in (printed, true)]
    return {
        "printed_formula": " + ".join(term.text() for term in printed),
        "true_formula": " + ".join(term.text() for term in true),
        "printed": round(values[0]),
        "true": round(values[1]),
        "agrees": int(abs(values[0] / values[1] - 1) < NEARLY),
    }
