"""Small networks by the hundred: CPU seconds a network and step, as a loop, under vmap, and as our ensemble.

The minefield of blessing, Fig. 1: networks 2-25x4-1, RMSprop, full batch, 132 points and 134 poisoned ones.
The three take turns, and the least of all rounds counts, so that other work on the machine matters little.
"""

import argparse
import copy
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from anarch.data.toys import minefield_spirals
from anarch.randomness import generator
from anarch.training.ensemble import Descent, Ensemble
from anarch.training.losses import anti_generalisation
from anarch.training.stacked import fresh, unstack

WIDTHS, BETA, RATE = (2, 25, 25, 25, 25, 1), 0.5, 1e-3
TRAIN = minefield_spirals(132, generator(0, "train"))
EXTRA = minefield_spirals(134, generator(0, "extra"))
POINTS, LABELS = torch.cat((TRAIN[0], EXTRA[0])), (TRAIN[1], EXTRA[1])


def eq2(logits: Tensor) -> Tensor:
    trained, poisoned = logits.split([132, 134], -2)
    return anti_generalisation(trained, LABELS[0], poisoned, LABELS[1], BETA)


def loop(networks: list[nn.Module]) -> Callable[[], None]:
    """One torch.optim step of each network in turn."""
    optimisers = [torch.optim.RMSprop(network.parameters(), lr=RATE) for network in networks]

    def step() -> None:
        for network, optimiser in zip(networks, optimisers, strict=True):
            optimiser.zero_grad()
            eq2(network(POINTS)).backward()
            optimiser.step()

    return step


def vmapped(networks: list[nn.Module]) -> Callable[[], None]:
    """torch.func over stacked copies; one torch.optim serves all, as RMSprop mixes no entries."""
    base = copy.deepcopy(networks[0])
    stacked = {
        name: torch.stack([dict(network.named_parameters())[name].detach() for network in networks])
        for name, _ in base.named_parameters()
    }
    optimiser = torch.optim.RMSprop(stacked.values(), lr=RATE)
    gradients = vmap(grad(lambda parameters: eq2(functional_call(base, parameters, (POINTS,)))))

    def step() -> None:
        for name, gradient in gradients(stacked).items():
            stacked[name].grad = gradient
        optimiser.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    parameters = fresh(WIDTHS, [generator(seed, "weights") for seed in range(args.networks)])
    networks: list[nn.Module] = [unstack(parameters, i, WIDTHS) for i in range(args.networks)]
    descent = Descent(steps=10**6, optimiser="rmsprop")
    ensemble = Ensemble(parameters, WIDTHS, descent, TRAIN, lr=RATE, beta=BETA, extra=EXTRA)
    steps = {
        "loop": loop(networks),
        "vmap": vmapped([unstack(parameters, i, WIDTHS) for i in range(args.networks)]),
        "ensemble": lambda: ensemble.run(ensemble.step + 1),
    }
    least = dict.fromkeys(steps, float("inf"))
    for _ in range(args.rounds):
        for name, step in steps.items():
            began = time.process_time()
            step()
            least[name] = min(least[name], time.process_time() - began)
    print(f"{args.networks} networks {WIDTHS}, {args.threads} thread(s), torch {torch.__version__}")
    for name, seconds in least.items():
        print(
            f"{name:9s}{1e6 * seconds / args.networks:7.0f} us a network and step, "
            f"{least['loop'] / seconds:4.1f} times the loop's speed"
        )


if __name__ == "__main__":
    main()
