"""A CNN's channels as neurons: the function of the modules; splitting and merging change nothing."""

from dataclasses import replace

import pytest
import torch

from anarch.critical.channels import ConvNet, as_module, gaussian_cnn, split_to
from anarch.critical.descent import recorded, train
from anarch.critical.reduction import group, merge


def network(width: int = 3, *, seed: int = 0) -> ConvNet:
    draws = torch.Generator().manual_seed(seed)
    return gaussian_cnn((2, 7, 9), width, 4, 0.3, draws, kernel=3, stride=1, pool=2)


def images(count: int = 5, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 2, 7, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slopes(net: ConvNet, x: torch.Tensor, y: torch.Tensor) -> float:
    return train(net.clone(), x, y, lr=1.0, steps=0).gradient_norms[0]


def test_the_formula_is_that_of_the_modules():
    """f = sum_k sum_q a_kq mean_{p in q} relu(w_k . x~_p), and what torch computes with Conv2d and Linear."""
    net, x = network(), images()
    with torch.no_grad():
        assert torch.allclose(net.output(x), as_module(net)(x), rtol=0, atol=1e-13)
    patch = torch.cat([x[0, :, 2:5, 4:7].flatten(), torch.ones(1, dtype=torch.float64)])
    whole = replace(net, pool=1).hidden(x)
    assert whole[0, 1].view(5, 7)[2, 4].item() == pytest.approx(max((net.inner[1] @ patch).item(), 0))


def test_splitting_channels_keeps_outputs_and_vanishing_gradients():
    """Sec. 6: the output stays, and a gradient of zero stays zero: here with targets that f meets."""
    net, x = network(), images()
    wide = split_to(net, 8)
    assert wide.inner.shape == (8, 19) and wide.outer.shape == (8, net.outer.shape[1])
    assert torch.allclose(wide.output(x), net.output(x), rtol=0, atol=1e-13)
    assert slopes(wide, x, net.output(x)) < 1e-12
    with pytest.raises(ValueError, match="3 channels cannot be split into 2"):
        split_to(net, 2)


def test_merging_split_channels_gives_the_function_back():
    """ReLU is homogeneous and a pool's average linear: the paper's formula is exact for one orientation."""
    net, x = network(), images()
    wide = split_to(net, 9)
    lengths = 0.5 + torch.rand(9, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    wide = replace(wide, inner=wide.inner * lengths, outer=wide.outer / lengths)
    groups = group(wide, cosine=0.999, low_amplitude=0)
    assert len(groups.members) == 3
    narrow = merge(wide, groups, torch.Generator().manual_seed(3))
    assert torch.allclose(narrow.output(x), net.output(x), rtol=0, atol=1e-12)


def test_training_is_full_batch_adam_on_the_mean_of_squared_distances():
    """Against autograd and torch's own Adam on the modules."""
    net, x = network(2), images()
    y = torch.randn(5, 4, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    module = as_module(net)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(3):
        optimiser.zero_grad()
        (module(x) - y).square().sum(1).mean().backward()
        optimiser.step()
    history = train(net, x, y, lr=0.01, steps=3, adam=True, record_every=2, keep=recorded(3, 2))
    assert history.steps == [0, 2, 3] and sorted(history.snapshots) == [0, 2, 3]
    with torch.no_grad():
        assert torch.allclose(net.output(x), module(x), rtol=0, atol=1e-10)
        assert torch.equal(history.snapshots[3].output(x), net.output(x))
    assert not net.inner.requires_grad


def test_errors_say_what_is_wrong():
    draws = torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="do not fit images of"):
        gaussian_cnn((1, 4, 4), 2, 3, 0.1, draws, kernel=3, stride=1, pool=3)
    bad = replace(network(2), outer=torch.full((2, 3 * 2 * 4), float("nan"), dtype=torch.float64))
    with pytest.raises(ValueError, match="the loss is nan at step 0: lower lr"):
        train(bad, images(), torch.zeros(5, 4, dtype=torch.float64), lr=0.1, steps=1)
