"""Texts and numbers as a page shows them: captions with their mathematics, values, sizes, times."""

import html
import math
import re

from markupsafe import Markup

SIGNS = {
    "alpha": "α", "beta": "β", "delta": "δ", "epsilon": "ε", "eta": "η", "lambda": "λ", "mu": "μ",
    "omega": "ω", "sigma": "σ", "tau": "τ", "theta": "θ", "Delta": "Δ", "Lambda": "Λ", "Phi": "Φ",
    "nabla": "∇", "ell": "ℓ", "sum": "∑", "Vert": "‖", "cdot": "·", "times": "×",
    "pm": "±", "leq": "≤", "geq": "≥", "approx": "≈", "infty": "∞", "in": "∈", "to": "→",
}  # fmt: skip
_TOKEN = re.compile(r"\\([A-Za-z]+) ?|\\(.)|([_^])|([{}])|([A-Za-z])|(.)", re.DOTALL)
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def caption(text: str) -> Markup:
    """A caption as matplotlib draws it, as HTML: in ``$…$`` variables slant, indices go up or down."""
    pieces = re.split(r"(?<!\\)\$", text)  # at each odd place a formula
    return Markup("").join(
        _formula(piece) if i % 2 else Markup(html.escape(piece.replace(r"\$", "$")))
        for i, piece in enumerate(pieces)
    )


def _formula(text: str) -> Markup:
    """The part of matplotlib's mathtext that captions use; an unknown command stands there by its name."""
    done, waiting = [""], [""]  # a nesting of braces each: what is written, and the end tag of what is open

    def put(piece: str) -> None:
        done[-1] += piece + waiting[-1]
        waiting[-1] = ""

    for command, escaped, script, brace, variable, other in _TOKEN.findall(text):
        if script:
            tag = "sub" if script == "_" else "sup"
            done[-1] += f"<{tag}>"
            waiting[-1] = f"</{tag}>"
        elif brace == "{":
            done.append("")
            waiting.append("")
        elif brace and len(done) > 1:
            inner, _ = done.pop(), waiting.pop()
            put(inner)
        elif variable:
            put(f"<i>{variable}</i>")
        else:
            put(html.escape(SIGNS.get(command, command) or escaped or other.replace("-", "−")))
    return Markup("".join(done))


def number(value: float | None, digits: int = 4) -> str:
    """``value`` to so many significant digits: ``0.8712``, ``12 400``, ``−3.1×10⁻¹²``; empty for None."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    size = abs(value)
    if size and not 1e-3 <= float(f"{size:.{digits}g}") < 10 ** (digits + 2):
        front, power = f"{size:.{digits - 1}e}".split("e")
        front = front.rstrip("0").rstrip(".")
        text = ("" if front == "1" else f"{front}×") + "10" + str(int(power)).translate(_RAISED)
    else:
        decimals = max(digits - 1 - (math.floor(math.log10(size)) if size else 0), 0)
        text = f"{size:,.{decimals}f}".replace(",", "\u202f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if value < 0 and text != "0" else text


def prose(text: str) -> Markup:
    """A sentence as HTML, in which a one-letter index such as that of ``t_w`` is lowered."""
    return Markup(re.sub(r"\b([A-Za-z])_(\w)\b", r"<i>\1</i><sub>\2</sub>", html.escape(text)))


def typeset(text: str) -> str:
    """A program's sentence in a page's signs: ``-0.5 to 1e-05`` becomes ``−0.5 to 10⁻⁵``."""
    text = re.sub(r"(?<![\w.])-?\d+(\.\d+)?e[+-]\d+", lambda found: number(float(found[0])), text)
    return re.sub(r"(?<![\w)])-(?=\.?\d)", "−", text)


def quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """:func:`number` with its ``unit`` behind a blank that no line breaks at."""
    text = number(value, digits)
    return f"{text}\u00a0{unit}" if text and unit else text


def size(count: float) -> str:
    """A size in bytes: ``900 B``, ``17 kB``, ``3.6 MB``, ``412 MB``, ``1.8 GB``."""
    if count < 1000:
        return f"{count}\u00a0B"
    for unit in ("k", "M"):
        count /= 1000
        if round(count) < 1000:
            return f"{count:.{1 if unit == 'M' and count < 9.95 else 0}f}\u00a0{unit}B"
    return f"{count / 1000:.1f}\u00a0GB"


def duration(seconds: float) -> str:
    """``4.2 s``, ``48 s``, ``2 min 51 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 59.5:
        return f"{seconds:.1f}\u00a0s" if seconds < 9.95 else f"{seconds:.0f}\u00a0s"
    if seconds < 599.5:
        return "{}\u00a0min {:02}\u00a0s".format(*divmod(round(seconds), 60))
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours}\u00a0h {rest:02}\u00a0min" if hours else f"{minutes}\u00a0min"


def several(count: int, one: str, more: str = "") -> str:
    """``1 claim``, ``3 claims``."""
    return f"{count}\u00a0{one if count == 1 else more or one + 's'}"
