#!/usr/bin/env bash
# Claim: torchinfo's "mult-adds" of nn.Linear are those of one position, however many it is applied to: a sequence of 10
#   costs as much as one vector, while a 1x1 convolution with the same weights on the same 10 positions is counted 10
#   times. It also counts what a functional product does (x @ w, einsum) as nothing.
# Guess before: a linear layer on (1, 10, 16) is counted 10 times, like the convolution that computes the same numbers.
# Versions: torch==2.13.0, torchinfo==1.8.0; thop==0.1.1.post2209072238 counts the sequence right, as does torch itself.
# Seen: 16 to 16 features without bias: vector 256, sequence of 10: torchinfo 256, thop 2560, torch 5120 (two operations
#   a multiplication); the 1x1 convolution 2560; x @ w with a parameter w: torchinfo 0, torch 5120.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.3.5 torchinfo==1.8.0
"$folder/env/bin/pip" install --quiet --no-deps thop==0.1.1.post2209072238
"$folder/env/bin/python" - <<'PY'
import thop
import torch
import torchinfo
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


class Product(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(16, 16))

    def forward(self, x):
        return x @ self.w


def info(module, *shape):
    return torchinfo.summary(module, input_data=[torch.randn(shape)], verbose=0).total_mult_adds


def operations(module, *shape):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.randn(shape))
    return counter.get_total_flops()


linear, convolution = nn.Linear(16, 16, bias=False), nn.Conv1d(16, 16, 1, bias=False)
seen = {
    "vector": info(linear, 1, 16),
    "sequence": info(linear, 1, 10, 16),
    "sequence by thop": int(thop.profile(linear, inputs=(torch.randn(1, 10, 16),), verbose=False)[0]),
    "sequence by torch": operations(linear, 1, 10, 16),
    "convolution": info(convolution, 1, 16, 10),
    "product": info(Product(), 1, 10, 16),
    "product by torch": operations(Product(), 1, 10, 16),
}
print(seen)
assert seen["vector"] == seen["sequence"] == 256, seen
assert seen["sequence by thop"] == seen["convolution"] == 2_560, seen
assert seen["sequence by torch"] == seen["product by torch"] == 5_120 and seen["product"] == 0, seen
PY
echo "as claimed"
