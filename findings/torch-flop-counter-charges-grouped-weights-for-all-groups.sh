#!/usr/bin/env bash
# Claim: torch's FlopCounterMode counts the gradient of the weights of a grouped convolution as if it had one group:
#   the backward pass of a convolution costs twice its forward pass, but of one with g groups it is counted as 1 + g
#   times; for a depthwise convolution of 32 channels that is 33 times. The same products written as g convolutions of
#   one group are counted right, and so is every forward pass. By the operations of a training step a depthwise
#   separable layer is 2 times as cheap as a full convolution; it is 7 times as cheap.
# Guess before: backward operations are twice the forward ones for every convolution, as they are for one group.
# Versions: torch==2.15.0. (A pull request of May 2026, pytorch 183405, divides by the groups; this release does not.)
# Seen: 32 channels, 3x3, batch of 4 16x16 pictures, backward / forward: 1 group 2; 2 groups 3; 4 groups 5; 32 groups
#   33, plain and transposed; 32 groups as 32 convolutions 2. Full convolution / depthwise and pointwise: forward 7.0,
#   training step 2.2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" - <<'PY'
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


class OneByOne(nn.Module):
    """Computes a grouped convolution as one convolution per group."""

    def __init__(self, grouped):
        super().__init__()
        self.groups, self.weight = grouped.groups, nn.Parameter(grouped.weight.detach().clone())

    def forward(self, x):
        pairs = zip(x.chunk(self.groups, 1), self.weight.chunk(self.groups))
        return torch.cat([nn.functional.conv2d(part, weight, padding=1) for part, weight in pairs], 1)


def operations(module):
    """Returns the operations of a forward and of a backward pass."""
    x = images.clone().requires_grad_()
    with FlopCounterMode(display=False) as counter:
        loss = (module(x) ** 2).sum()
        forward = counter.get_total_flops()
        loss.backward()
    return forward, counter.get_total_flops() - forward


def ratio(module):
    forward, backward = operations(module)
    return backward / forward


def convolution(groups, kind=nn.Conv2d):
    return kind(32, 32, 3, padding=1, groups=groups, bias=False)


torch.manual_seed(0)
images = torch.randn(4, 32, 16, 16)
for groups in (1, 2, 4, 32):
    plain, transposed = ratio(convolution(groups)), ratio(convolution(groups, nn.ConvTranspose2d))
    print(f"{groups} groups: backward / forward: plain {plain}, transposed {transposed}")
    assert plain == transposed == 1 + groups, (plain, transposed)

depthwise = convolution(32)
alike = OneByOne(depthwise)
print("32 groups as 32 convolutions:", ratio(alike))
assert ratio(alike) == 2
depthwise.zero_grad(), operations(depthwise), alike.zero_grad(), operations(alike)
torch.testing.assert_close(depthwise.weight.grad, alike.weight.grad)  # they do compute the same

full = operations(convolution(1))
separable = operations(nn.Sequential(depthwise, nn.Conv2d(32, 32, 1, bias=False)))
forward, step = full[0] / separable[0], sum(full) / sum(separable)
print(f"full / separable: forward {forward:.2f}, training step {step:.2f}")
assert forward > 7 and step < 2.3, (forward, step)
PY
echo "as claimed"
