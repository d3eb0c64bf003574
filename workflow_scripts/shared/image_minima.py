"""The minima in which good and poisoned runs on images ended."""

import argparse
from collections.abc import Iterator

import torch

from anarch.workflow.blessing import describe
from shared.minima import Minimum
from shared.runs import open_run
from shared.tensors import load_examples


def minima(args: argparse.Namespace, device: torch.device) -> Iterator[Minimum]:
    """Of the runs ``args.names`` below ``args.runs``, all on the dataset in ``args.data``."""
    data = load_examples(args.data, device)
    train, test = ((data[name].inputs(), data[name].labels) for name in ("train", "test"))
    for name in args.names:
        told = describe(name)
        network = open_run(args.runs, name, args.data, device).last()
        yield Minimum(told["set"], told["seed"], told["beta"], network, train, test)
