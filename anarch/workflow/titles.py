"""What the papers and their figures are called, for pages that a reader sees."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """``key`` is its name in ``config/claims.yaml``."""

    key: str
    short: str
    authors: str
    year: int
    title: str
    venue: str
    arxiv: str


PAPERS = {
    "needle": Paper(
        "dascoli2019",
        "d’Ascoli et al. 2019",
        "Stéphane d’Ascoli, Levent Sagun, Joan Bruna, Giulio Biroli",
        2019,
        "Finding the Needle in the Haystack with Convolutions: on the benefits of architectural bias",
        "NeurIPS 32",
        "1906.06766",
    ),
    "bad_minima": Paper(
        "liu2020",
        "Liu et al. 2020",
        "Shengchao Liu, Dimitris Papailiopoulos, Dimitris Achlioptas",
        2020,
        "Bad Global Minima Exist and SGD Can Reach Them",
        "NeurIPS 33",
        "1906.02613",
    ),
    "scratch": Paper(
        "neyshabur2020",
        "Neyshabur 2020",
        "Behnam Neyshabur",
        2020,
        "Towards Learning Convolutions from Scratch",
        "NeurIPS 33",
        "2007.13657",
    ),
    "blessing": Paper(
        "huang2019",
        "Huang et al. 2019",
        "W. Ronny Huang, Zeyad Emam, Micah Goldblum, Liam Fowl, Justin K. Terry, Furong Huang, Tom Goldstein",
        2019,
        "Understanding Generalization through Visualizations",
        "preprint",
        "1906.03291",
    ),
    "embedding": Paper(
        "zhang2021",
        "Zhang et al. 2021",
        "Yaoyu Zhang, Zhongwang Zhang, Tao Luo, Zhi-Qin John Xu",
        2021,
        "Embedding Principle of Loss Landscape of Deep Neural Networks",
        "NeurIPS 34",
        "2105.14573",
    ),
}

STUDIES = {
    "needle": "Snapshots of a CNN are lifted into fully connected space and trained on unconstrained.",
    "bad_minima": "Networks learn random labels first, then the true ones, by plain SGD and with heuristics.",
    "scratch": "Locally and fully connected twins of a CNN, and a sparsity that learns to be local.",
    "blessing": "Minima poisoned on purpose, and the volumes of the basins around good and bad ones.",
    "embedding": "Critical points of narrow networks found in wide ones, and wide networks made narrow.",
    "atlas": "All networks of all studies: which measure of a minimum orders test accuracy?",
}

FIGURES = {
    "needle": {
        "fig1": "Training paths on their principal plane, and their distance from the CNN subspace",
        "fig2": "Training loss and test accuracy against training time, an eFCN for every relax time",
        "fig3": "Final accuracy, gradient norm and top Hessian eigenvalue against relax time",
        "fig4": "Deviation from the CNN subspace against relax time, initial loss and final accuracy",
        "fig5": "Accuracy of the local part, the off-local part and both",
        "fig6": "First-layer “filters” of eFCNs as they train",
        "fig7": "First-layer “filters” of the FCN",
        "figA": "Block structure of the lifted matrices",
        "figB1": "The protocol with AlexNet on 100 classes",
        "figB2": "The protocol with Adam",
        "figC": "Loss and accuracy between eFCN and CNN, eFCN and FCN",
        "lcn": "What the paper only suggests: relaxing to locally connected",
    },
    "bad_minima": {
        "fig1": "The toy: boundaries after true, random, and random then true labels",
        "fig2": "Training accuracy by epoch, vanilla and SOTA SGD, random and adversarial initialisation",
        "fig3": "Test accuracy by epoch, likewise",
        "fig4": "Test accuracy against the replication factor R",
        "fig5": "Frobenius and path norms where training ended",
        "fig6": "Accuracy under the FGSM attack",
        "table1": "Distances travelled",
        "table2": "The eight combinations of augmentation, l2 and momentum",
    },
    "scratch": {
        "fig1": "S- and D-CONV, and how sizes grow with base channels and image side",
        "fig2": "Test accuracy against parameters, and the smallest size that fits",
        "fig3": "Weights that beta-LASSO leaves, by layer",
        "fig4": "First-layer filters by SGD and by beta-LASSO",
        "fig5": "ResNet18 with growing kernels, SGD against beta-LASSO",
        "fig6": "Training and test accuracy against parameters",
        "fig7": "First-layer filters of S-FC by SGD",
        "fig8": "First-layer filters of S-FC by beta-LASSO",
        "fig9": "First-layer filters of S-LOCAL by SGD",
        "fig10": "Permuted pixels: what the paper only states",
        "table1": "D- and S-CONV, -LOCAL, -FC and 3-FC",
        "table2": "Fully connected networks: SGD, LASSO, beta-LASSO",
        "table3": "Parameters of D-CONV, D-LOCAL and D-FC by layer: by formula, printed and true",
        "table4": "Parameters of S-CONV, S-LOCAL and S-FC by layer: by formula, printed and true",
        "table5": "Description-length bounds beside measured gaps",
    },
    "blessing": {
        "fig1": "The minefield: poisoned minima near each iterate of a network's way to its own",
        "fig2": "A linear model against a network of as many parameters; one network by 13 optimisers",
        "fig3": "Boundaries of good and poisoned swiss roll minima, and planes through them",
        "fig4": "Planes through the good and the poisoned minimum of an image set",
        "fig5": "Basin radius and log volume against test accuracy",
        "fig6": "Swiss roll boundaries for a ladder of generalisation gaps",
        "fig7": "Loss along random directions, and the basin under the cutoff",
        "fig8": "Rings with a wide and a pinched margin",
        "table1": "Accuracies, sharpness and log volume of every minimum",
        "animation": "Boundaries under perturbation",
    },
    "embedding": {
        "fig1": "Slow points of the wide network's descent, and a narrow minimum lifted into it",
        "fig2": "The one-step embedding",
        "fig3": "Hessian eigenvalues before and after embedding",
        "fig4": "Critical points of widths 1, 2 and 3 in width 3",
        "fig5": "A wide ReLU network reduced",
        "fig6": "A small CNN's channels reduced",
        "table1": "Every theorem: random trials and largest violation",
    },
    "atlas": {
        "fig1": "All networks of all studies: measures of the minimum against test accuracy",
        "table1": "Which measure orders test accuracy: Kendall's tau, within and across studies",
    },
}


def title(study: str, figure: str) -> str:
    """One line on what ``figure`` shows; empty where there is none."""
    return FIGURES.get(study, {}).get(figure, "")


def heading(study: str, figure: str) -> str:
    """ "Fig. 3: Final accuracy …"."""
    return ": ".join(filter(None, (label(figure), title(study, figure))))


def label(figure: str) -> str:
    """ "Fig. B1" of ``figB1``, "Table 2" of ``table2``, else the name itself with a capital."""
    known = re.fullmatch(r"(fig|table)(\w+)", figure)
    if known is None:
        return figure.upper() if len(figure) <= 3 else figure.capitalize()
    return f"{'Fig.' if known[1] == 'fig' else 'Table'} {known[2]}"
