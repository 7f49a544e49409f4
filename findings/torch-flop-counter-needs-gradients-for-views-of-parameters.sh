#!/usr/bin/env bash
# Claim: FlopCounterMode counts a network in which a module returns a view of its parameter (a learned constant that is
#   shaped to broadcast, as of a gate per channel) only while gradients are recorded. Under no_grad it raises
#   AssertionError ("Expected gradient function to be set"), under inference_mode AttributeError. The same network
#   without the view, or with a copy in its place, is counted in all three.
# Guess before: counting operations has nothing to do with gradients, and no_grad is how one evaluates.
# Versions: torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: view: 15552, AssertionError, AttributeError; copy: 15552 three times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


class Constant(nn.Module):
    def __init__(self, copies):
        super().__init__()
        self.copies, self.value = copies, nn.Parameter(torch.zeros(4))

    def forward(self, x):
        shaped = self.value.view(1, 4, 1, 1)
        return shaped.clone() if self.copies else shaped


class Gated(nn.Module):
    def __init__(self, copies):
        super().__init__()
        self.layer, self.gate = nn.Conv2d(3, 4, 3), Constant(copies)

    def forward(self, x):
        return self.layer(x) * torch.sigmoid(self.gate(x))


def count(network, mode):
    try:
        with mode, FlopCounterMode(display=False) as counter:
            network(torch.randn(2, 3, 8, 8))
    except (AssertionError, AttributeError) as error:
        return type(error).__name__
    return counter.get_total_flops()


print(torch.__version__)
found = {
    copies: [count(Gated(copies), mode) for mode in (torch.enable_grad(), torch.no_grad(), torch.inference_mode())]
    for copies in (False, True)
}
print("view:", *found[False], "copy:", *found[True])
assert found[False] == [15552, "AssertionError", "AttributeError"] and found[True] == [15552] * 3
PY
echo "as claimed"
