"""Speed on one GPU: steps and epochs against plain loops, and against the card's own copy and product.

A line a row, and with --out a JSON of all rows.  --small shrinks everything, to try this where no GPU is.
The floor of a step is the larger of bytes over copy speed and FLOPs over product speed, both measured here.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode
from training import padded_fcn

from anarch.data.toys import two_spirals
from anarch.landscape.basins import radii_at_cutoffs
from anarch.landscape.hessian import top_eigenvalue
from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.randomness import generator
from anarch.training.ensemble import Descent, Ensemble
from anarch.training.examples import Examples
from anarch.training.loop import Training, use_precision
from anarch.training.stacked import fresh, unstack
from anarch.workflow.specs import Recipe

Row = dict[str, Any]
SHAPE, CLASSES = (3, 32, 32), 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--out", type=Path, help="JSON to write after every stage")
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else "a CPU"
    print(f"{name}, torch {torch.__version__}", flush=True)
    card = Card(device, small=args.small)
    rows: list[Row] = []
    for stage in args.only:
        use_precision("tf32")
        rows += STAGES[stage](card)
        if args.out:
            args.out.write_text(
                json.dumps({"device": name, "torch": torch.__version__, "rows": rows}, indent=1)
            )


class Card:
    """A device with its own speeds, and what fills it."""

    def __init__(self, device: torch.device, *, small: bool):
        self.device, self.small = device, small
        use_precision("tf32")
        side = 512 if small else 8192
        a = torch.randn(side, side, device=device)
        self.products = 2 * side**3 / self.least(lambda: a @ a)
        half = a.bfloat16()
        self.products_bf16 = 2 * side**3 / self.least(lambda: half @ half)
        b = torch.empty_like(a)
        self.copies = 2 * a.nbytes / self.least(lambda: b.copy_(a))
        tell("card", "products, tf32", tflops=self.products / 1e12, tflops_bf16=self.products_bf16 / 1e12)
        tell("card", "copy, read and write", gb_per_second=self.copies / 1e9)

    def seconds(self, work: Callable[[], object]) -> float:
        """Of ``work``, with all that the device still has to do."""
        self.wait()
        began = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - began

    def least(self, work: Callable[[], object], times: int = 5) -> float:
        work()
        return min(self.seconds(work) for _ in range(times))

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def examples(self, count: int) -> Examples:
        draws = generator(0, "images")
        images = torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=draws)
        labels = torch.randint(0, CLASSES, (count,), generator=draws)
        return Examples(images, labels, torch.full((3,), 0.5), torch.full((3,), 0.25)).to(self.device)


def tell(stage: str, what: str, **numbers: float) -> Row:
    print(f"{stage:9s} {what:60s}", *(f"{name} {value:.4g}" for name, value in numbers.items()), flush=True)
    return {"stage": stage, "what": what, **numbers}


def cnn(channels: int) -> nn.Module:
    return initialise_(build("vanilla_cnn", SHAPE, CLASSES, channels=channels), generator(0, "weights"))


def our_epoch(card: Card, network: nn.Module, examples: Examples, **recipe: Any) -> float:
    """Seconds of an epoch; the first ones, in which steps are recorded, do not count."""
    training = Training(
        network.to(card.device),
        examples,
        examples.head(100),
        Recipe(epochs=9, test_every=9, **recipe),
        seed=0,
    )
    return card.least(training.run_epoch, 2)


def plain_epoch(
    card: Card, network: nn.Module, examples: Examples, batch: int, *, autocast: bool = False
) -> float:
    """Seconds of an epoch as one writes it first: ready tensors in a loader, SGD, the loss read each step."""
    network = network.to(card.device)
    inputs = examples.inputs().contiguous().cpu()
    loader = DataLoader(TensorDataset(inputs, examples.labels.cpu()), batch_size=batch, shuffle=True)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)

    def epoch() -> None:
        for x, y in loader:
            optimiser.zero_grad()
            with torch.autocast(card.device.type, torch.bfloat16, enabled=autocast):
                loss = F.cross_entropy(network(x.to(card.device)), y.to(card.device))
            loss.backward()
            optimiser.step()
            loss.item()

    return card.least(epoch, 1)


def efcn_step(card: Card) -> list[Row]:
    """The eFCN of the paper's width: a weight is read forward and backward, then read and written."""
    channels, batch, steps = (4, 50, 4) if card.small else (64, 250, 40)
    examples, network = card.examples(batch * steps), lift(cnn(channels), SHAPE)
    weights = [p.numel() for p in network.parameters() if p.ndim > 1]
    ours = our_epoch(card, network, examples, batch_size=batch, lr=0.01, precision="tf32") / steps
    plain = plain_epoch(card, padded_fcn(channels), examples, batch) / steps
    # The first layer needs no slope of its inputs.
    moved = 4 * (3 * weights[0] + 4 * sum(weights[1:]))
    flops = 2 * batch * (2 * weights[0] + 3 * sum(weights[1:]))
    floor = max(moved / card.copies, flops / card.products)
    numbers = {
        "ms": 1e3 * ours,
        "floor_ms": 1e3 * floor,
        "over_floor": ours / floor,
        "plain_over_ours": plain / ours,
    }
    return [tell("efcn", f"step, {channels} channels, batch {batch}, {sum(weights):,} weights", **numbers)]


def cnn_epoch(card: Card) -> list[Row]:
    channels, batch, count = (4, 50, 500) if card.small else (64, 250, 50_000)
    examples = card.examples(count)
    ours = our_epoch(card, cnn(channels), examples, batch_size=batch, lr=0.1, precision="tf32")
    plain = plain_epoch(card, cnn(channels), examples, batch)
    return [tell("cnn", f"epoch, {channels} channels, {count} images", s=ours, plain_over_ours=plain / ours)]


def resnet_epoch(card: Card) -> list[Row]:
    """ResNet18 of bad_minima; a step's FLOPs are three times those of its forward pass."""
    channels, batch, count = (4, 50, 100) if card.small else (64, 128, 12_800)
    examples, rows = card.examples(count), []

    def network() -> nn.Module:
        return initialise_(build("resnet", SHAPE, CLASSES, channels=channels), generator(0, "weights"))

    with FlopCounterMode(display=False) as counter:
        network().eval()(torch.zeros(1, *SHAPE))
    flops = 3 * counter.get_total_flops() * count
    for precision, product in (("tf32", card.products), ("bf16", card.products_bf16)):
        ours = our_epoch(
            card, network(), examples, batch_size=batch, lr=0.01, momentum=0.9, precision=precision
        )
        plain = plain_epoch(card, network(), examples, batch, autocast=precision == "bf16")
        numbers = {"s": ours, "plain_over_ours": plain / ours, "share_of_product": flops / ours / product}
        rows.append(tell("resnet", f"epoch, {channels} channels, {count} images, {precision}", **numbers))
    return rows


def stacked(card: Card) -> list[Row]:
    """A hundred networks of the swiss roll at once, against one after the other; steps of each."""
    count, steps = (3, 20) if card.small else (100, 500)
    use_precision("fp32")
    widths = (2, 48, 48, 48, 48, 48, 1)
    points = tuple(part.to(card.device) for part in two_spirals(100, generator(0, "train")))

    def run(networks: int) -> float:
        parameters = fresh(widths, [generator(seed, "weights") for seed in range(networks)]).to(card.device)
        descent = Descent(steps=10**6, optimiser="adam")
        ensemble = Ensemble(parameters, widths, descent, points, lr=0.01)
        return card.least(lambda: ensemble.run(ensemble.step + steps), 1)

    together, alone = run(count), run(1)
    network = unstack(fresh(widths, [generator(0, "weights")]), 0, widths).to(card.device)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)

    def plain() -> None:
        for _ in range(steps):
            optimiser.zero_grad()
            F.binary_cross_entropy_with_logits(network(points[0]).flatten(), points[1].float()).backward()
            optimiser.step()

    eager = card.least(plain, 1)
    numbers = {
        "s": together,
        "loop_of_ours": count * alone / together,
        "loop_of_torch": count * eager / together,
    }
    return [tell("stacked", f"{count} networks {widths}, {steps} steps", **numbers)]


def measures(card: Card) -> list[Row]:
    """What needle and blessing measure at the paper scale."""
    channels, images, directions = (2, 20, 3) if card.small else (64, 5000, 3000)
    use_precision("fp32")
    examples, network = card.examples(images), lift(cnn(channels), SHAPE).to(card.device).eval()
    x, y = examples.inputs(), examples.labels
    top = card.seconds(lambda: top_eigenvalue(network, x, y, tol=1e-3))
    small = cnn(channels).to(card.device).eval()
    few = examples.head(min(images, 100))
    x, y = few.inputs(), few.labels
    radii = card.seconds(lambda: radii_at_cutoffs(small, x, y, (3.0,), directions, tolerance=0.01))
    return [
        tell("measures", f"top Hessian eigenvalue, eFCN of {channels} channels, {images} images", s=top),
        tell("measures", f"{directions} basin radii, CNN of {channels} channels, {len(few)} images", s=radii),
    ]


STAGES: dict[str, Callable[[Card], list[Row]]] = {
    "efcn": efcn_step,
    "cnn": cnn_epoch,
    "resnet": resnet_epoch,
    "stacked": stacked,
    "measures": measures,
}

if __name__ == "__main__":
    main()
