#!/usr/bin/env bash
# Claim: torch-pruning's count_ops_and_params counts nn.RNN, nn.GRU and nn.LSTM as often as they have input features.
#   Its counter takes the first sequence of the batch for the batch, so that it multiplies one step by the steps and
#   the features in place of the batch and the steps, and then divides by the batch: 64 features are counted 64 times
#   for one sequence, twice for 32 sequences at once. Halving both sizes of an LSTM, as pruning does, looks like an
#   eighth of the operations; it is a quarter. ptflops, which the counter is derived from, counts right.
# Guess before: operations per sequence, as for the other layers, which do not depend on how many sequences the example
#   has.
# Versions: torch==2.15.0, torch-pruning==1.6.1, ptflops==0.7.5.
# Seen: nn.LSTM(64, 64), ten steps, products alone 327,680: one sequence 21,381,120 (ptflops 334,080), 32 sequences
#   668,160; nn.LSTM(32, 32): 2,723,840. nn.Linear(64, 64): 4,096 with one example and with 32.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 torch-pruning==1.6.1 ptflops==0.7.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import ptflops
import torch
import torch_pruning
from torch import nn

GATES = {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}


def recurrent(kind, features, width):
    return kind(features, width, bias=False, batch_first=True)


def by_pruning(module, features, sequences):
    return torch_pruning.utils.count_ops_and_params(module, torch.randn(sequences, 10, features))[0]


def by_ptflops(module, features):
    return ptflops.get_model_complexity_info(
        module, (10, features), as_strings=False, print_per_layer_stat=False, backend="pytorch"
    )[0]


for kind, gates in GATES.items():
    for features, width in ((64, 64), (32, 32), (16, 64)):
        module, products = recurrent(kind, features, width), 10 * gates * width * (features + width)
        one, many = (by_pruning(module, features, sequences) for sequences in (1, 32))
        right = by_ptflops(module, features)
        print(f"{kind.__name__}({features}, {width}): products {products:,}, ptflops {right:,}, "
              f"torch-pruning: one sequence {one:,.0f}, 32 sequences {many:,.0f}")
        assert 1 <= right / products < 1.1  # ptflops adds the products of gates with states
        assert one == features * right and many == one / 32, (one, many, right)

linear = nn.Sequential(nn.Linear(64, 64, bias=False))
count = [torch_pruning.utils.count_ops_and_params(linear, torch.randn(batch, 64))[0] for batch in (1, 32)]
print("Linear(64, 64), one and 32 examples:", count)
assert count == [4_096, 4_096]
whole, half = by_pruning(recurrent(nn.LSTM, 64, 64), 64, 1), by_pruning(recurrent(nn.LSTM, 32, 32), 32, 1)
print(f"half of both sizes: 1 / {whole / half:.2f} of the operations by torch-pruning, 1 / 4 of the products")
assert 7.8 < whole / half < 8.2
PY
echo "as claimed"
