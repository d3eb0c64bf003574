"""Networks and losses that PyTorch cannot batch or differentiate twice, by every measure."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.testing import assert_close

import anarch
from anarch.landscape.surface import point_scores


def own(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in model.named_parameters()}


class Linear(nn.Module):
    """A linear model of images; ``change`` is made to its outputs."""

    def __init__(self, outputs: int = 3, change=lambda z: z):
        super().__init__()
        self.head, self.change = nn.Linear(4, outputs).double(), change
        with torch.no_grad():
            self.head.weight.copy_(torch.arange(4.0 * outputs).view(outputs, 4).sin())
            self.head.bias.copy_(torch.arange(1.0 * outputs).cos())

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.head(x.flatten(1)))


X = torch.linspace(0, 1, 24, dtype=torch.float64).view(6, 1, 2, 2)


Y = torch.tensor([0, 1, 2, 0, 1, 2])


class Recurrent(nn.Module):
    """An LSTM over the rows of an image."""

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(2, 3, batch_first=True).double(), nn.Linear(3, 3).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x[:, 0])[0][:, -1])


class InPlace(Linear):
    """Writes its outputs into a tensor of its own."""

    def forward(self, x: Tensor) -> Tensor:
        z = torch.zeros(len(x), 3, dtype=x.dtype)
        z += self.head(x.flatten(1))
        return z


@pytest.mark.parametrize("make", [Recurrent, InPlace])
def test_networks_that_vmap_cannot_batch_are_measured_one_by_one(make):
    torch.manual_seed(0)
    model = make()
    points = {name: torch.stack((p, 2 * p)) for name, p in own(model).items()}
    scores = point_scores(model, points, X, Y, batch_size=4)
    wanted = [
        F.cross_entropy(functional_call(model, {n: t[k] for n, t in points.items()}, (X,)), Y) for k in (0, 1)
    ]
    assert_close(scores[:, 0], torch.stack(wanted).detach())


class Attention(nn.Module):
    """Each pixel of an image attends to all; the mean over pixels is classified."""

    def __init__(self, plain: bool):
        super().__init__()
        self.qkv, self.head, self.plain = nn.Linear(1, 6).double(), nn.Linear(2, 3).double(), plain

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x.flatten(1)[..., None]).chunk(3, -1)
        if self.plain:
            return self.head(((q @ k.mT / 2**0.5).softmax(-1) @ v).mean(1))
        return self.head(F.scaled_dot_product_attention(*(t[:, None] for t in (q, k, v)))[:, 0].mean(1))


def test_attention_has_the_curvature_of_its_plain_form():
    torch.manual_seed(0)
    fused, plain = Attention(False), Attention(True)
    plain.load_state_dict(fused.state_dict())
    value, wanted = (anarch.top_hessian_eigenvalue(m, X, Y, 1e-9) for m in (fused, plain))
    assert wanted > 0 and value == pytest.approx(wanted, rel=1e-9)


class Once(torch.autograd.Function):
    """An identity that fails like the fused operations of PyTorch when it is differentiated twice."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, slope):
        return Never.apply(slope)


class Never(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, slope):
        raise RuntimeError("derivative for aten::mine_backward is not implemented\nsecond line")


def test_a_loss_without_second_derivative_is_told_in_one_line():
    with pytest.raises(
        ValueError, match=r"no second derivative in PyTorch: derivative for aten::mine_backward is not"
    ) as caught:
        anarch.top_hessian_eigenvalue(Linear(change=Once.apply), X, Y)
    assert "\n" not in str(caught.value)
