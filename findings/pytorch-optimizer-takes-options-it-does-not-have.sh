#!/usr/bin/env bash
# Claim: of the optimizers of pytorch-optimizer, nine in ten take any option under any name and do nothing with it:
#   misspelt ones, and those that torch's optimizer of the same name has: decoupled_weight_decay of RAdam (here
#   weight_decouple, and the default is the other one), lambd of ASGD. The update is the same as without. torch's own
#   optimizers refuse an unknown option. A search over such an option compares runs that are equal.
# Guess before: TypeError, an unexpected keyword argument.
# Versions: pytorch-optimizer==4.1.0, torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: 109 of 116 optimizers that a linear layer and lr alone suffice for take weigth_decay=0.5, 110 of 114 amsgrad=0.5
#   where they have no amsgrad. Lion with weigth_decay=0.5: weights after ten steps equal to those without, with
#   weight_decay=0.5 not. RAdam(decoupled_weight_decay=False) equal to decoupled_weight_decay=True.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 pytorch-optimizer==4.1.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W error::UserWarning - <<'PY'
import inspect

import pytorch_optimizer
import torch
from torch import nn


def make(kind, **options):
    torch.manual_seed(0)
    layer = nn.Linear(4, 4)
    return layer, kind(layer.parameters(), lr=0.01, **options)


def trained(kind, **options):
    """Returns the weights after ten steps."""
    layer, optimizer = make(kind, **options)
    for _ in range(10):
        optimizer.zero_grad()
        layer(torch.ones(2, 4)).square().sum().backward()
        optimizer.step()
    return layer.weight.detach()


def takes(kind, option):
    """Says whether an optimizer takes an option that its signature does not name; None if it names it."""
    if option in inspect.signature(kind.__init__).parameters:
        return None
    try:
        make(kind)
    except Exception:
        return None  # needs more than parameters and a rate
    try:
        make(kind, **{option: 0.5})
    except TypeError:
        return False
    return True


kinds = [pytorch_optimizer.load_optimizer(name) for name in sorted(set(pytorch_optimizer.get_supported_optimizers()))]
for option in ("weigth_decay", "amsgrad"):
    answers = [answer for kind in kinds if (answer := takes(kind, option)) is not None]
    print(f"{option}: {sum(answers)} of {len(answers)} optimizers take it")
    assert len(answers) > 100 and sum(answers) > 0.9 * len(answers)
for kind in (torch.optim.AdamW, torch.optim.RAdam, torch.optim.ASGD, torch.optim.SGD):
    assert takes(kind, "weigth_decay") is False

lion = pytorch_optimizer.Lion
assert torch.equal(trained(lion), trained(lion, weigth_decay=0.5))
assert not torch.equal(trained(lion), trained(lion, weight_decay=0.5))
radam = pytorch_optimizer.RAdam
assert inspect.signature(radam.__init__).parameters["weight_decouple"].default is True
assert inspect.signature(torch.optim.RAdam.__init__).parameters["decoupled_weight_decay"].default is False
ours, torchs = (
    [trained(kind, weight_decay=0.5, decoupled_weight_decay=value) for value in (False, True)]
    for kind in (radam, torch.optim.RAdam)
)
print("RAdam with and without decoupled_weight_decay: equal", torch.equal(*ours), "in torch", torch.equal(*torchs))
assert torch.equal(*ours) and not torch.equal(*torchs)
assert torch.equal(trained(pytorch_optimizer.ASGD), trained(pytorch_optimizer.ASGD, lambd=0.5))
PY
echo "as claimed"
