"""Every theorem of embedding on random networks: how often it was tried, and how far it was ever off."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from anarch.critical.networks import gradient, hessian
from anarch.critical.spectra import inertia, spectrum, splitting_block
from anarch.critical.splitting import split_neuron
from anarch.critical.trials import Trial, critical_points, draw, random_cnn, random_perceptron
from anarch.models.flat import pack, unpack


def property_rows(trials: int, generator: torch.Generator, *, tol: float = 1e-10) -> list[dict[str, object]]:
    """Lemma 1, Prop. 1 and Theorem 1's identity for perceptrons and CNNs: a row per claim and architecture.

    Row: claim, statement, network, trials, violation (largest, relative to the size of what is compared),
    tolerance, holds.  Depths 2 to 4, widths 1 to 6, five activations, MSE and cross entropy, any real alpha.
    """
    rows = []
    for name, make in (("perceptron", random_perceptron), ("CNN", random_cnn)):
        worst = dict.fromkeys(_CLAIMS, 0.0)
        for _ in range(trials):
            excess = _violations(make(generator))
            worst = {claim: max(worst[claim], excess[claim]) for claim in worst}
        rows += [_row(*claim, name, trials, worst[claim], tol) for claim in worst]
    return rows


def criticality_rows(
    trials: int, generator: torch.Generator, *, tol: float = 1e-12, margin: float = 1.0
) -> list[dict[str, object]]:
    """Theorem 1 and Theorem 2 at critical points found on random data, with 1 to 3 neurons more.

    Theorem 1: the L1 norm of the gradient in the wide network.  Theorem 2: K one-step embeddings add at least
    K zeros to the spectrum (violation: zeros missing).  The sharper law: the inertia grows by exactly that of
    `spectra.splitting_block` (violation: eigenvalues that differ).  Points with a spectrum whose zeros stand
    less than ``margin`` decades apart from the rest are not judged; the number judged is in the row.
    """
    residual, missing, differing, judged, tried = 0.0, 0, 0, 0, 0
    for network, theta, x, y in critical_points(trials, generator):
        before = inertia(spectrum(hessian(network, theta, x, y)))
        expected = (before.negative, before.zero)
        clear = before.margin > margin
        for step in range(1, 4):
            neuron = draw(network.widths[1], generator)
            alpha = 0.2 + 0.6 * torch.rand((), generator=generator).item()
            block = splitting_block(network, theta, x, y, layer=0, neuron=neuron, alpha=alpha)
            top = spectrum(hessian(network, theta, x, y)).abs().max().item()
            added = inertia(spectrum(block), scale=top)
            expected = (expected[0] + added.negative, expected[1] + added.zero)
            network, theta = pack(split_neuron(unpack(network, theta), 0, neuron, alpha))  # type: ignore[arg-type]
            slope = gradient(network, theta, x, y).abs().sum().item()
            after = inertia(spectrum(hessian(network, theta, x, y)))
            residual, tried = max(residual, slope), tried + 1
            clear = clear and after.margin > margin and added.margin > margin
            if clear:
                judged += 1
                missing = max(missing, before.zero + step - after.zero)
                differing = max(
                    differing,
                    *(abs(a - b) for a, b in zip(expected, (after.negative, after.zero), strict=True)),
                )
    return [
        _row("Theorem 1", "critical points stay critical (|gradient|_1)", "perceptron", tried, residual, tol),
        _row("Theorem 2", "K embeddings add at least K zeros", "perceptron", judged, max(missing, 0), 0.0),
        _row("inertia", "index and zeros grow by those of S", "perceptron", judged, differing, 0.0),
    ]


_CLAIMS: tuple[tuple[str, str], ...] = (
    ("Lemma 1 (i)", "features are kept, the split one twice"),
    ("Lemma 1 (ii)", "feature gradients likewise"),
    ("Lemma 1 (iii)", "error vectors: shares alpha and 1 - alpha"),
    ("Prop. 1 (i)", "the output function is preserved"),
    ("Prop. 1 (ii)", "the loss is preserved"),
    ("Prop. 1 (iii)", "the sets of features are preserved"),
    ("Theorem 1", "the wide gradient is a linear image of the narrow one"),
)


def _row(
    claim: str, statement: str, network: str, trials: int, violation: float, tol: float
) -> dict[str, object]:
    holds = trials > 0 and violation <= tol
    return {
        "claim": claim, "statement": statement, "network": network, "trials": trials,
        "violation": float(violation), "tolerance": tol, "holds": holds,
    }  # fmt: skip


def _violations(trial: Trial) -> dict[tuple[str, str], float]:
    (f, z, slopes, value), (wide_f, wide_z, wide_slopes, wide_value) = (
        _anatomy(net, trial) for net in (trial.narrow, trial.wide)
    )
    at, copy = trial.place, range(trial.place, trial.following)
    unit, shares = trial.unit, (1 - trial.alpha, trial.alpha)

    def doubled(values: Tensor, size: tuple[float, float] = (1.0, 1.0)) -> Tensor:
        wide = torch.cat([values, size[1] * values[:, unit : unit + 1]], 1)
        wide[:, unit] *= size[0]
        return wide

    units = trial.units
    last = trial.following - 1
    unflat = {k: (_channels(f[k], units), _channels(wide_f[k], units + 1)) for k in copy}
    kept = [k for k in range(len(f)) if k not in copy]
    features_off = max(
        *(_off(doubled(a), b) for a, b in unflat.values()), *(_off(f[k], wide_f[k]) for k in kept)
    )
    errors_off = max(
        *(_off(doubled(_channels(z[k], units), shares), _channels(wide_z[k], units + 1)) for k in copy),
        *(_off(z[k], wide_z[k]) for k in kept),
    )
    gradients_off = _off(
        doubled(_feature_gradient(trial.narrow, at, f)), _feature_gradient(trial.wide, at, wide_f)
    )
    a, b = unflat[last]
    distance = torch.cdist(_columns(a), _columns(b))
    sets_off = max(distance.amin(0).max().item(), distance.amin(1).max().item()) / (1 + a.abs().max().item())
    sizes = (
        features_off, gradients_off, errors_off, _off(f[-1], wide_f[-1]), _off(value, wide_value), sets_off,
        _slopes_off(trial, slopes, wide_slopes),
    )  # fmt: skip
    return dict(zip(_CLAIMS, sizes, strict=True))


def _anatomy(net: nn.Module, trial: Trial) -> tuple[list[Tensor], list[Tensor], dict[str, Tensor], Tensor]:
    """Output of every module, d loss / d output, gradient by name, and the loss."""
    outputs, f = [], trial.x
    for module in net.children():
        f = module(f)
        outputs.append(f)
    value = trial.loss(f, trial.y)
    names, parameters = zip(*net.named_parameters(), strict=True)
    parts = torch.autograd.grad(value, [*outputs, *parameters])
    slopes = dict(zip(names, parts[len(outputs) :], strict=True))
    return [o.detach() for o in outputs], list(parts[: len(outputs)]), slopes, value.detach()


def _feature_gradient(net: nn.Module, place: int, outputs: Sequence[Tensor]) -> Tensor:
    """g = sigma'(u) of the layer at ``place`` (Sec. 4.2)."""
    u = outputs[place].clone().requires_grad_()
    (slope,) = torch.autograd.grad(net.get_submodule(str(place + 1))(u).sum(), u)
    return slope


def _slopes_off(trial: Trial, narrow: dict[str, Tensor], wide: dict[str, Tensor]) -> float:
    """grad W[l] splits by shares, grad W[l+1] repeats its column, the rest stays: zero goes to zero."""
    worst, units = 0.0, trial.units
    for name, slope in narrow.items():
        expected, other = slope, wide[name]
        if name.startswith(f"{trial.place}."):
            expected = torch.cat([slope, trial.alpha * slope[trial.unit : trial.unit + 1]])
            expected[trial.unit] *= 1 - trial.alpha
        elif name == f"{trial.following}.weight":
            by_unit = _channels(slope, units)
            expected = torch.cat([by_unit, by_unit[:, trial.unit : trial.unit + 1]], 1)
            other = _channels(other, units + 1)
        worst = max(worst, _off(expected, other))
    return worst


def _channels(values: Tensor, units: int) -> Tensor:
    """(n, units, positions): what Flatten has made one axis, or a map's own axes."""
    return values.reshape(len(values), units, -1)


def _columns(values: Tensor) -> Tensor:
    return values.transpose(0, 1).flatten(1)


def _off(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to 1 + the largest entry."""
    return ((a - b).abs().max() / (1 + a.abs().max())).item() if a.shape == b.shape else math.inf
