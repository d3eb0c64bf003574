"""Words of the papers and of this project that a reader of the page may not know."""

import html
import re

from markupsafe import Markup

TERMS = {
    "eFCN": "a CNN that was lifted: a fully connected network of the same function, which may train on",
    "eLCN": "a CNN lifted to a locally connected network: each position has a kernel of its own",
    "FCN": "a fully connected network of the lifted shape, trained from random weights",
    "relax time": "the epoch t_w at which a CNN is lifted and its constraints are dropped",
    "t_w": "the relax time: the epoch at which a CNN is lifted and its constraints are dropped",
    "CNN subspace": "all lifted networks that are still convolutional: local, with shared weights",
    "off-local": "on connections that no convolution has: a unit and a pixel outside of its kernel's reach",
    "deviation": "share of the weights, as a length, that lies on off-local connections",
    "vanilla SGD": "stochastic gradient descent without momentum, l2 penalty or augmentation of the data",
    "SOTA SGD": "stochastic gradient descent with momentum, l2 penalty and augmentation of the data",
    "adversarial start": "weights that were trained on random labels first",
    "bad start": "weights that were trained on random labels first",
    "adversarial initialisation": "weights that were trained on random labels first",
    "beta-LASSO": "gradient descent with an l1 penalty, which sets weights below a threshold to zero",
    "S-CONV": "the shallow convolutional network: one convolution and two fully connected layers",
    "D-CONV": "the deep convolutional network: eight convolutions and two fully connected layers",
    "S-LOCAL": "S-CONV without shared weights",
    "S-FC": "S-CONV with fully connected layers in place of convolutions",
    "D-FC": "D-CONV with fully connected layers in place of convolutions",
    "3-FC": "three fully connected layers of one width",
    "poisoned": "trained to be right on the training set and wrong on other images",
    "bad minima": "minima that fit the training set and generalise badly",
    "basin": "what lies around a minimum with a loss below a cutoff",
    "top Hessian eigenvalue": "curvature of the loss in the direction in which it bends most",
    "one-step embedding": "one neuron made into two that together do what it did",
}
_SHOWN = {term: term for term in TERMS} | {"t_w": "<i>t</i><sub>w</sub>"}
_TERMS = {text.lower(): term for term, text in _SHOWN.items()}
# Longest first: "adversarial start" before "start".  The plural of a word is that word.
_FIND = re.compile(
    rf"(?<![\w-])({'|'.join(sorted(map(re.escape, _SHOWN.values()), key=len, reverse=True))})(?=s?(?![\w-]))",
    re.IGNORECASE,
)


def glossed(text: Markup) -> Markup:
    """A sentence as `words` has it, in which each known word tells its meaning where it stands first."""
    met: set[str] = set()

    def told(found: re.Match[str]) -> str:
        term = _TERMS[found[0].lower()]
        if term in met:
            return found[0]
        met.add(term)
        return f'<abbr title="{html.escape(TERMS[term])}">{found[0]}</abbr>'

    return Markup(_FIND.sub(told, text))
