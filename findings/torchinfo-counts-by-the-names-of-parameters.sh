#!/usr/bin/env bash
# Claim: torchinfo's "mult-adds" go by what the parameters of a module are called, not by what it computes. A name that
#   contains "weight" but is not "weight" is taken for a recurrent layer's, and its size is multiplied by the first two
#   axes of the output: of an RNNCell, GRUCell or LSTMCell these are batch and width, so that a cell of n units is
#   counted n times. A layer under torch.nn.utils.parametrizations (weight_norm, spectral_norm, orthogonal) counts as
#   nothing. A layer under torch's pruning masks counts as if it were smaller, though it computes all products, and as
#   before once prune.remove makes the same zeros permanent.
# Guess before: a loop over LSTMCell counts like the nn.LSTM that computes the same numbers; weight_norm adds a little
#   to a layer's operations; prune.remove, after which the network computes the same, changes no count.
# Versions: torch==2.15.0, torchinfo==1.8.0. The right numbers are those of torch's FlopCounterMode, halved.
# Seen: LSTMCell 16 to 16, batch 4: 131,072 (right 8,192), 32 to 32: 1,048,576 (32,768); five steps of it 655,360,
#   nn.LSTM 40,960. Convolution 9,437,184; with weight_norm or spectral_norm 0; half pruned 4,718,592, removed
#   9,437,184.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 torchinfo==1.8.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import torch
import torchinfo
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.utils.flop_counter import FlopCounterMode


class Loop(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.cell = nn.LSTMCell(width, width, bias=False)

    def forward(self, x):
        state = None
        for step in x.unbind(1):
            state = self.cell(step, state)
        return state[0]


def info(module, x):
    return torchinfo.summary(module, input_data=[x], verbose=0).total_mult_adds


def right(module, x):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(x)
    return counter.get_total_flops() // 2


for kind in (nn.RNNCell, nn.GRUCell, nn.LSTMCell):
    for width in (16, 32):
        cell, x = kind(width, width, bias=False), torch.randn(4, width)
        print(f"{kind.__name__} of {width}: {info(cell, x):,}, right {right(cell, x):,}")
        assert info(cell, x) == width * right(cell, x)
loop, layer, x = Loop(16), nn.LSTM(16, 16, bias=False, batch_first=True), torch.randn(4, 5, 16)
layer.load_state_dict({f"{name}_l0": value for name, value in loop.cell.state_dict().items()})
torch.testing.assert_close(loop(x), layer(x)[0][:, -1])  # they compute the same
print(f"five steps: loop {info(loop, x):,}, right {right(loop, x):,}, nn.LSTM {info(layer, x):,}")
assert info(loop, x) == 16 * info(layer, x) and info(layer, x) == right(loop, x) == 40_960

images, convolution = torch.randn(4, 32, 16, 16), nn.Conv2d(32, 32, 3, padding=1, bias=False)
plain = info(convolution, images)
normed = [wrap(nn.Conv2d(32, 32, 3, padding=1, bias=False))
          for wrap in (parametrizations.weight_norm, parametrizations.spectral_norm)]
print(f"convolution {plain:,}, weight_norm and spectral_norm {[info(one, images) for one in normed]}")
assert plain == right(convolution, images) and all(info(one, images) == 0 for one in normed)
assert all(right(one, images) >= plain for one in normed)

prune.l1_unstructured(convolution, "weight", 0.5)
masked, before = info(convolution, images), convolution(images)
prune.remove(convolution, "weight")
print(f"half pruned {masked:,}, removed {info(convolution, images):,}")
assert masked == plain // 2 and info(convolution, images) == plain
torch.testing.assert_close(convolution(images), before)
PY
echo "as claimed"
