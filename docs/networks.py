"""What works with which of the networks that people bring, tried one by one; written as NETWORKS.md.

By hand:  python docs/networks.py
"""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.vgg import make_layers

import anarch
from anarch.complexity.folding import folded
from anarch.landscape.surface import Slice, slice_scores

PAGE = Path(__file__).with_name("NETWORKS.md")
INTRODUCTION = """# Networks that people bring

What works with networks of torchvision, at 32 x 32 pixels and 10 classes, in evaluation mode, and what is
refused and why. Made by `python docs/networks.py` with the widths that stand there;
`tests/test_networks_table.py` makes it again and compares. "Works" means: a lifted network and one with
folded batch norm give the same outputs to float64's precision, the gradient is autograd's, everything else
is finite, and the network is as it was before. Nothing about these networks is known to `anarch`
beforehand.
"""
SHAPE, CLASSES = (3, 32, 32), 10


def vgg11() -> nn.Module:
    """VGG11 with batch norm, an eighth as wide: torchvision's class makes its 120 million weights first."""
    widths: list[str | int] = [8, "M", 16, "M", 32, 32, "M", 64, 64, "M", 64, 64, "M"]
    head = nn.Linear(64, 32), nn.ReLU(True), nn.Dropout(), nn.Linear(32, CLASSES)
    return nn.Sequential(make_layers(widths, batch_norm=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), *head)


def convnext() -> nn.Module:
    """ConvNeXt-Tiny, an eighth as wide."""
    blocks = [(12, 24, 3), (24, 48, 3), (48, 96, 9), (96, None, 3)]
    settings = [CNBlockConfig(*block) for block in blocks]
    return ConvNeXt(settings, stochastic_depth_prob=0.1, num_classes=CLASSES)


NETWORKS: dict[str, Callable[[], nn.Module]] = {  # of torchvision; all but the first are narrower
    "ResNet18": lambda: models.resnet18(num_classes=CLASSES),
    "VGG11": vgg11,
    "DenseNet121": lambda: models.DenseNet(
        8, (6, 12, 24, 16), num_init_features=16, bn_size=2, num_classes=CLASSES
    ),
    "MobileNetV2": lambda: models.mobilenet_v2(width_mult=0.25, num_classes=CLASSES),
    "ConvNeXt-Tiny": convnext,
    "ViT": lambda: models.VisionTransformer(
        32, 8, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=CLASSES
    ),
}
Measure = Callable[[nn.Module, Tensor, Tensor], bool]


def lifted_alike(network: nn.Module, x: Tensor, to: str) -> bool:
    return torch.allclose(anarch.lift(network, SHAPE, to=to)(x), network(x), rtol=1e-8, atol=1e-10)


def finite(value: float | Tensor) -> bool:
    return bool(torch.as_tensor(value).isfinite().all())


def slope_alike(network: nn.Module, x: Tensor, y: Tensor) -> bool:
    parts = torch.autograd.grad(F.cross_entropy(network(x), y), list(network.parameters()))
    wanted = torch.cat([part.flatten() for part in parts]).norm()
    return torch.allclose(torch.tensor(anarch.gradient_norm(network, x, y)).double(), wanted, rtol=1e-6)


def slice_(network: nn.Module, x: Tensor, y: Tensor) -> bool:
    return finite(slice_scores(network, Slice(seed=0), torch.tensor([[0.1, 0.0], [0.0, 0.1]]), x, y))


MEASURES: dict[str, Measure] = {
    "lift to locally connected": lambda n, x, y: lifted_alike(n, x, "locally_connected"),
    "lift to fully connected": lambda n, x, y: lifted_alike(n, x, "fully_connected"),
    "fold batch norm": lambda n, x, y: torch.allclose(folded(n)(x), n(x), rtol=1e-8, atol=1e-10),
    "path norm": lambda n, x, y: finite(anarch.path_norm(n, SHAPE, 2)),
    "gradient norm": slope_alike,
    "top Hessian eigenvalue": lambda n, x, y: finite(anarch.top_hessian_eigenvalue(n, x, y, tol=0.5)),
    "basin radii": lambda n, x, y: bool((anarch.basin_radii(n, x, y, 20.0, 2, tolerance=0.1) > 0).all()),
    "slice": slice_,
    "FGSM": lambda n, x, y: finite(anarch.fgsm_accuracy(n, x, y, 0.01, (0.5,) * 3, (0.25,) * 3)),
}


def made(name: str) -> nn.Module:
    """The network in evaluation mode, float64; batch norms have other statistics than those of the start."""
    torch.manual_seed(0)
    network = NETWORKS[name]().double().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.1)
    return network


def tried(network: nn.Module, measure: Measure) -> str:
    """ "works", or why it is refused; a wrong number or an error that is no refusal ends the program."""
    x = torch.rand(2, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 4 - 2
    before = deepcopy(network.state_dict())
    try:
        right = measure(network, x, torch.tensor([3, 7]))
    except ValueError as refusal:
        return str(refusal)
    if not right or any(not torch.equal(t, before[name]) for name, t in network.state_dict().items()):
        raise RuntimeError(f"{type(network).__name__}: a wrong number, or a network that was changed")
    return "works"


def row(name: str) -> dict[str, str]:
    """What every measure says of a network."""
    return {measure: tried(made(name), function) for measure, function in MEASURES.items()}


def page() -> str:
    """The whole page."""
    rows = {name: row(name) for name in NETWORKS}
    reasons = list(
        dict.fromkeys(told for cells in rows.values() for told in cells.values() if told != "works")
    )
    lines = [INTRODUCTION, "| network | " + " | ".join(MEASURES) + " |", "|---" * (1 + len(MEASURES)) + "|"]
    for name, cells in rows.items():
        shown = (
            told if told == "works" else f"refused ({reasons.index(told) + 1})" for told in cells.values()
        )
        lines.append(f"| {name} | {' | '.join(shown)} |")
    lines += ["", *(f"{number}. {reason}" for number, reason in enumerate(reasons, 1))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
