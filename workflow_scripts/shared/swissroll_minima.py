"""The minima of a swiss roll ensemble."""

import argparse
import json
from collections.abc import Iterator

import torch

from anarch.training.stacked import unstack
from anarch.workflow.blessing_toys import Swissroll
from anarch.workflow.specs import parse
from shared.minima import Minimum
from shared.swissroll_data import split, widths
from shared.tensors import load_weights


def minima(args: argparse.Namespace, device: torch.device) -> Iterator[Minimum]:
    """All betas of ``args.seeds``, in the file ``args.networks`` that ``args.spec`` has made."""
    spec, kept = parse(Swissroll, json.loads(args.spec)), load_weights(args.networks)
    for k, (seed, beta) in enumerate(zip(kept["seeds"].tolist(), kept["betas"].tolist(), strict=True)):
        if seed in args.seeds:
            sets = (split(spec, name, seed) for name in ("train", "test"))
            train, test = ((x.to(device), y.to(device)) for x, y in sets)
            network = unstack(kept["parameters"], k, widths(spec)).to(device).eval()
            yield Minimum("swissroll", seed, beta, network, train, test)
