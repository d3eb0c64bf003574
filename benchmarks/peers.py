"""The top Hessian eigenvalue and a surface of the loss by other libraries' ways, in one run.

Eigenvalue: PyHessian's power iteration, curvlinops' operator under SciPy's eigsh (ARPACK, as its pages have
it), ours; each to the same relative residual |H u - l u| / |l|, by the same Hessian.  Surface: a grid of
points, each written into the network and evaluated batch by batch from a loader, as loss-landscape goes about
it, against `slice_scores`.  The peers are in no requirements: pip install pyhessian curvlinops-for-pytorch.
Seconds are of the one core's own time, so that other processes of the machine do not count.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from anarch.landscape.directions import moving_parameters
from anarch.landscape.hessian import hessian_vector_product, top_eigenvalue
from anarch.landscape.surface import Slice, axes, slice_scores
from anarch.models import build, initialise_
from anarch.randomness import generator

TOLERANCE = 1e-3
Found = tuple[float, list[Tensor] | None, int, float]  # value, vector, products, seconds


def trained(channels: int, images: int, steps: int) -> tuple[nn.Module, Tensor, Tensor]:
    """VanillaCNN after some steps of SGD on noise with random labels."""
    draws = generator(0, "images")
    x = torch.randn(images, 3, 32, 32, generator=draws)
    y = torch.randint(10, (images,), generator=draws)
    model = initialise_(build("vanilla_cnn", (3, 32, 32), 10, channels=channels), generator(0, "weights"))
    descent = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(steps):
        descent.zero_grad()
        F.cross_entropy(model(x), y).backward()
        descent.step()
    return model.eval(), x, y


def ours(model: nn.Module, x: Tensor, y: Tensor) -> Found:
    began = time.process_time()
    top = top_eigenvalue(model, x, y, tol=TOLERANCE)
    return top.value, None, top.iterations, time.process_time() - began


def pyhessian(model: nn.Module, x: Tensor, y: Tensor) -> Found:
    """The fewest iterations whose vector has the residual, by doubling and then by halves."""
    from pyhessian import hessian

    told = hessian(model, nn.CrossEntropyLoss(), data=(x, y), cuda=False)

    def after(iterations: int) -> Found:
        torch.manual_seed(0)
        began = time.process_time()
        values, vectors = told.eigenvalues(maxIter=iterations, tol=0.0)
        return values[0], vectors[0], iterations, time.process_time() - began

    high = 1
    while residual(model, x, y, *after(high)[:2]) > TOLERANCE and high < 1024:
        high *= 2
    low = high // 2
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (
            (low, middle) if residual(model, x, y, *after(middle)[:2]) <= TOLERANCE else (middle, high)
        )
    return after(high)


def curvlinops(model: nn.Module, x: Tensor, y: Tensor) -> Found:
    from curvlinops import HessianLinearOperator
    from scipy.sparse.linalg import LinearOperator, eigsh

    parameters = list(model.parameters())
    operator = HessianLinearOperator(
        model, nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False
    )
    matrix, products = operator.to_scipy(), 0

    def product(vector: Any) -> Any:
        nonlocal products
        products += 1
        return matrix @ vector

    began = time.process_time()
    counted = LinearOperator(matrix.shape, matvec=product, dtype=matrix.dtype)
    values, vectors = eigsh(counted, k=1, which="LA", tol=TOLERANCE)
    seconds = time.process_time() - began
    parts = torch.from_numpy(vectors[:, 0]).split([p.numel() for p in parameters])
    shaped = [part.view_as(p).float() for part, p in zip(parts, parameters, strict=True)]
    return float(values[0]), shaped, products, seconds


def residual(model: nn.Module, x: Tensor, y: Tensor, value: float, vector: list[Tensor] | None) -> float:
    if vector is None:
        return top_eigenvalue(model, x, y, tol=TOLERANCE).residual
    named = dict(zip(dict(model.named_parameters()), vector, strict=True))
    product = hessian_vector_product(model, x, y, named)
    off = [product[name] - value * v for name, v in named.items()]
    return float(torch.cat([t.flatten() for t in off]).norm()) / abs(value)


def by_reloading(model: nn.Module, x: Tensor, y: Tensor, points: Tensor) -> Tensor:
    """Losses at the points (P, 2) of the plane: weights are written into the network, batches loaded."""
    parameters, plane = moving_parameters(model), axes(model, Slice(seed=0))
    start = {name: p.clone() for name, p in parameters.items()}
    loader, losses = DataLoader(TensorDataset(x, y), batch_size=128), []
    for first, second in points.tolist():
        with torch.no_grad():
            for name, p in model.named_parameters():
                if name in start:
                    p.copy_(start[name] + first * plane[name][0] + second * plane[name][1])
            sums = [F.cross_entropy(model(images), labels).item() * len(images) for images, labels in loader]
        losses.append(sum(sums) / len(x))
    model.load_state_dict({**model.state_dict(), **start})
    return torch.tensor(losses)


def alone(way: Callable[..., Found], *sizes: int) -> tuple[float, float, int, float, float]:
    """In a process of its own: value, residual, products, seconds, MiB at most beside the start's."""
    torch.set_num_threads(1)
    case = trained(*sizes)
    hessian_vector_product(*case, {name: torch.ones_like(p) for name, p in case[0].named_parameters()})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    value, vector, products, seconds = way(*case)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    left = residual(*case, value, vector)
    # The quickest of three is the one that other processes disturbed least.
    quickest = min(seconds, *(way(*case)[3] for _ in range(2)))
    return value, left, products, quickest, grown / 1024


def eigenvalues(channels: int, images: int, steps: int) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        found = {
            way.__name__: pool.apply(alone, (way, channels, images, steps))
            for way in (ours, pyhessian, curvlinops)
        }
    fewest, quickest = found["ours"][2:4]
    for name, (value, left, products, seconds, grown) in found.items():
        print(
            f"eigenvalue after {steps} steps, {name}: {value:.5g}, residual {left:.2g}; "
            f"{products} products, {products / fewest:.1f} times ours; "
            f"{seconds:.2f} s, {seconds / quickest:.1f} times; {grown:.0f} MiB",
            flush=True,
        )


def surface(name: str, model: nn.Module, x: Tensor, y: Tensor, side: int) -> None:
    line = torch.linspace(-1, 1, side)
    points = torch.cartesian_prod(line, line)
    seconds, losses = [], []
    for way in (
        lambda: slice_scores(model, Slice(seed=0), points, x, y)[:, 0],
        lambda: by_reloading(model, x, y, points),
    ):
        tries = []
        for _ in range(3):
            began = time.process_time()
            found = way()
            tries.append(time.process_time() - began)
        seconds.append(min(tries))
        losses.append(found)
    apart = ((losses[0] - losses[1]).abs() / losses[1]).max()
    print(
        f"surface of {name}, {len(points)} points, {len(x)} examples: {seconds[0]:.2f} s against "
        f"{seconds[1]:.2f} s by reloading, {seconds[1] / seconds[0]:.1f} times; "
        f"relative difference of losses {apart:.1g}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, default=8)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--steps", type=int, nargs="+", default=[0, 60, 300], help="of the training before")
    parser.add_argument("--side", type=int, default=21, help="points along an axis of the surface")
    args = parser.parse_args()
    torch.set_num_threads(1)
    surface("VanillaCNN", *trained(args.channels, args.images, 60), args.side)
    small = initialise_(build("mlp", (2,), 2, hidden=(23, 16, 26, 32, 28, 31)), generator(0, "weights"))
    x = torch.randn(200, 2, generator=generator(0, "images"))
    surface("the swiss roll's network", small, x, (x[:, 0] * x[:, 1] > 0).long(), args.side)
    for steps in args.steps:
        eigenvalues(args.channels, args.images, steps)


if __name__ == "__main__":
    main()
