#!/usr/bin/env bash
# PyHessian 0.1 (the release on PyPI): the estimate of a Hessian trace is "converged" as soon as it is negative.
#
# hessian(...).trace() averages Hutchinson probes until one more changes the mean by less than tol, relatively.
# The Hessian of -f is the negative of that of f, and with the same seed the probes are the same: a good guess
# is the same number of probes, and the same estimate with its sign turned. But the change is divided by the mean
# itself, not by its size, so that after a negative mean the quotient is below any tol. Two probes are returned,
# as an estimate that met its tolerance: where the trace is negative (near maxima and many saddles, or for a
# loss that is ascended) tol and maxIter mean nothing. The project's repository has since divided by the size,
# the release does not.
#
# Seen (torch 2.14.1, numpy 2.4.6):
#   Hessian of f: 90 probes, estimate 10.23, exact trace 11.60
#   Hessian of -f: 2 probes, estimate -20.59, exact trace -11.60
# The venv takes 6 GB while the script runs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1 numpy==2.4.6 pyhessian==0.1

cat > "$work/trace.py" <<'PYTHON'
import torch
from pyhessian import hessian
from torch.nn.functional import mse_loss

torch.manual_seed(0)
inputs, targets = torch.randn(64, 10), torch.randn(64, 1)
network = torch.nn.Sequential(torch.nn.Linear(10, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
names = [name for name, _ in network.named_parameters()]
start = torch.nn.utils.parameters_to_vector(network.parameters()).detach()


def loss(vector, sign):
    pieces = vector.split([p.numel() for p in network.parameters()])
    state = {n: v.view_as(p) for n, v, p in zip(names, pieces, network.parameters())}
    return sign * mse_loss(torch.func.functional_call(network, state, (inputs,)), targets)


probes = {}
for name, sign in (("f", 1), ("-f", -1)):
    estimator = hessian(
        network, lambda out, y: sign * mse_loss(out, y), data=(inputs, targets), cuda=False
    )
    torch.manual_seed(1)
    probes[name] = estimator.trace(maxIter=100, tol=1e-3)
    estimate = sum(probes[name]) / len(probes[name])
    exact = torch.func.hessian(loss)(start, sign).trace().item()
    print(f"Hessian of {name}: {len(probes[name])} probes, estimate {estimate:.2f}, exact trace {exact:.2f}")
    network.zero_grad()
assert len(probes["-f"]) == 2 < 10 < len(probes["f"])
PYTHON
"$work/venv/bin/python" -W ignore "$work/trace.py"
