"""One training step of each network of the paper scale at full size: parameters, seconds, peak memory.

Each network has a process of its own, so that peaks do not add up.
"""

import multiprocessing
import resource
import time
from pathlib import Path

import torch
import yaml

from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.randomness import generator
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.workflow.specs import Recipe, parse

CLASSES = {"cifar10": 10, "cifar100": 100}


def one_step(protocol: str, space: str) -> None:
    config = yaml.safe_load((Path(__file__).parents[1] / "config" / "paper.yaml").read_text())
    chosen = config["needle"]["protocols"][protocol]
    recipe = parse(Recipe, chosen["cnn" if space == "cnn" else "relaxed"])
    classes = CLASSES[chosen["dataset"]]
    model = build(chosen["model"]["architecture"], (3, 32, 32), classes, **chosen["model"]["options"])
    initialise_(model, generator(0, "weights"))
    network = model if space == "cnn" else lift(model, (3, 32, 32), to=space)
    draws = generator(0, "images")
    images = torch.randint(0, 256, (recipe.batch_size, 3, 32, 32), dtype=torch.uint8, generator=draws)
    labels = torch.randint(0, classes, (recipe.batch_size,), generator=draws)
    examples = Examples(images, labels, torch.full((3,), 0.5), torch.full((3,), 0.25))
    training = Training(network, examples, examples.head(1), recipe, seed=0)
    began = time.perf_counter()
    training.run_epoch()  # as many images as one batch: one step
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = sum(p.numel() for p in network.parameters())
    row = training.history[-1]
    print(
        f"{protocol:8s} {space:18s} {count:12,d} parameters  {seconds:6.2f} s  {peak:6.0f} MiB  "
        f"loss {row['train_loss']:.3f}",
        flush=True,
    )


def main() -> None:
    context = multiprocessing.get_context("spawn")
    for protocol in ("sgd", "adam", "alexnet"):
        for space in ("cnn", "locally_connected", "fully_connected"):
            process = context.Process(target=one_step, args=(protocol, space))
            process.start()
            process.join()
            if process.exitcode:
                raise SystemExit(f"{protocol}, {space}: failed with {process.exitcode}")


if __name__ == "__main__":
    main()
