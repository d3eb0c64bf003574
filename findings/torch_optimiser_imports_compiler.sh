#!/usr/bin/env bash
# torch 2.14.1: making an optimiser of torch.optim imports torch._dynamo, although nothing is compiled.
#
# `import torch` takes care not to load torch._dynamo. But torch.optim.Optimizer.add_param_group, which the
# constructor calls, is wrapped so that torch._dynamo does not trace it, and the wrapper imports torch._dynamo
# at its first call in order to say so. The step needs it too, to mark a graph break on either side.
# A process that never compiles so starts with some 900 modules more, among them sympy and a part of
# torch._inductor: in a workflow of many short jobs, each job pays that again. A bare loop over parameters, or the
# functional torch.optim.sgd.sgd, loads none of it.
#
# Seen (Python 3.11, no numpy):
#   import torch, a gradient, a functional step of SGD: 1106 modules,
#     of them {'torch._dynamo': 0, 'torch._inductor': 0, 'sympy': 0}
#   torch.optim.SGD made: 1981 modules, of them {'torch._dynamo': 95, 'torch._inductor': 17, 'sympy': 419}
#   its first step made: 1981 modules, of them {'torch._dynamo': 95, 'torch._inductor': 17, 'sympy': 419}
#   875 modules more
# The venv takes 6 GB while the script runs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.14.1

cat > "$work/count.py" <<'PYTHON'
import sys
import warnings

warnings.simplefilter("ignore")  # torch warns that numpy is missing
import torch
from torch.optim.sgd import sgd


def show(moment):
    names = list(sys.modules)
    counts = {top: sum(f"{name}.".startswith(f"{top}.") for name in names) for top in WATCHED}
    print(f"{moment}: {len(names)} modules, of them {counts}")
    return len(names), counts


WATCHED = ("torch._dynamo", "torch._inductor", "sympy")
weight = torch.ones(3, requires_grad=True)
weight.square().sum().backward()
sgd(
    [weight.detach()], [weight.grad], [None], foreach=False, has_sparse_grad=False,
    weight_decay=0, momentum=0, lr=0.1, dampening=0, nesterov=False, maximize=False,
)
before, watched = show("import torch, a gradient, a functional step of SGD")
assert watched["torch._dynamo"] == 0
optimiser = torch.optim.SGD([weight], lr=0.1)
after, watched = show("torch.optim.SGD made")
assert watched["torch._dynamo"] > 50 and watched["sympy"] > 100
optimiser.step()
show("its first step made")
print(f"{after - before} modules more")
assert after - before > 500
PYTHON
"$work/venv/bin/python" "$work/count.py"
