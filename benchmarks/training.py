"""Seconds of one epoch of an eFCN: ours against a plain loop, and against the machine's own matrix product.

The plain loop is what one would write first, and what the needle study's authors train with: padding as
separate layers, so that the lifted matrices carry columns for it; a DataLoader that normalises image by
image; torch.optim.SGD; the loss read after each step.  Both see the same 10,000 images in batches of 100.
"""

import argparse
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.transforms.functional import to_pil_image

from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.randomness import generator
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.workflow.specs import Recipe

IMAGES, BATCH = 10_000, 100


class Pictures(Dataset):
    """Images as a folder of pictures gives them: one at a time, transformed one at a time."""

    def __init__(self, examples: Examples):
        self.pictures = [to_pil_image(image) for image in examples.images]
        self.labels = examples.labels.tolist()
        mean, std = examples.mean.tolist(), examples.std.tolist()
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(self.pictures[i]), self.labels[i]


class Maps(nn.Module):
    """A flat layer between maps."""

    def __init__(self, inputs: int, channels: int, side: int):
        super().__init__()
        self.linear, self.shape = nn.Linear(inputs, channels * side * side), (channels, side, side)

    def forward(self, maps: Tensor) -> Tensor:
        return self.linear(maps.flatten(1)).view(-1, *self.shape)


def padded_fcn(channels: int) -> nn.Sequential:
    """The fully connected VanillaCNN with columns for padding.

    3888 -> 289 C, 144 C -> 64 C, 25 C -> 9 C, C -> 10.
    """
    layers: list[nn.Module] = []
    for padding, inputs, side in ((2, 3 * 36 * 36, 17), (2, channels * 12 * 12, 8), (1, channels * 5 * 5, 3)):
        layers += [nn.ZeroPad2d(padding), Maps(inputs, channels, side), nn.ReLU(), nn.MaxPool2d(3, 2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, 10))


def plain_epoch(channels: int, examples: Examples) -> float:
    model, loader = padded_fcn(channels), DataLoader(Pictures(examples), batch_size=BATCH)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    began = time.perf_counter()
    for x, y in loader:
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        loss.item()
    return time.perf_counter() - began


def our_epoch(channels: int, examples: Examples, precision: str) -> float:
    cnn = initialise_(build("vanilla_cnn", (3, 32, 32), 10, channels=channels), generator(0, "weights"))
    recipe = Recipe(epochs=1, batch_size=BATCH, lr=0.01, precision=precision)
    training = Training(lift(cnn, (3, 32, 32)), examples, examples.head(1), recipe, seed=0)
    began = time.perf_counter()
    training.run_epoch()
    return time.perf_counter() - began


def product_speed(precision: str) -> float:
    """GFLOP/s of a large square product, the best of five."""
    a = torch.randn(2048, 2048, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    draws = generator(0, "images")
    images = torch.randint(0, 256, (IMAGES, 3, 32, 32), dtype=torch.uint8, generator=draws)
    labels = torch.randint(0, 10, (IMAGES,), generator=draws)
    examples = Examples(images, labels, torch.full((3,), 0.5), torch.full((3,), 0.25))
    print(f"{IMAGES} images, batch {BATCH}, {args.threads} thread(s), torch {torch.__version__}")
    for channels in args.channels:
        plain = plain_epoch(channels, examples)
        # Products of a training step: value and weight gradient of each layer, input gradient of all but
        # the first.
        first, rest = 3072 * 289 * channels, 64 * 64 * channels**2 + 81 * channels**2
        flops = IMAGES * (4 * first + 6 * rest) / 1e9
        for precision in ("fp32", "bf16"):
            ours, speed = our_epoch(channels, examples, precision), product_speed(precision)
            print(
                f"{channels:3d} channels, {precision}: plain loop (fp32) {plain:6.2f} s, ours {ours:6.2f} s: "
                f"{plain / ours:4.1f} times faster; {flops / ours:5.0f} GFLOP/s, "
                f"{flops / ours / speed:4.2f} of a large torch product's {speed:.0f}"
            )


if __name__ == "__main__":
    main()
