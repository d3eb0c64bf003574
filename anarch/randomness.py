"""One generator per purpose: weights, data order, augmentation and the rest never share one."""

import hashlib

import torch


def derived_seed(seed: int, *purpose: object) -> int:
    """A seed for ``purpose`` that depends on every part of it and on nothing else."""
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: object) -> torch.Generator:
    """A CPU generator for ``purpose``: the same draws whatever device the network is on.

    >>> import torch
    >>> a, b = generator(0, "weights"), generator(0, "order")
    >>> torch.equal(torch.rand(3, generator=a), torch.rand(3, generator=b))
    False
    """
    return torch.Generator().manual_seed(derived_seed(seed, *purpose))
