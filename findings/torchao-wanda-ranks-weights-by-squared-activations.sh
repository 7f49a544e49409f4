#!/usr/bin/env bash
# Claim: WandaSparsifier of torchao ranks weights by |weight| * norm^2 of their input, where Wanda, which it cites and
#   describes as the product of weight and norm, has |weight| * norm. Its observer sums squares over batches and the
#   root is never taken. Weights of weak inputs go however large they are, and the outputs are further from those of
#   the full layer than by the rule it names. (That it compares weights of the whole layer, where Wanda compares those
#   of one output, its method says.)
# Guess before: as written there, the product of the norm of the input activation and the magnitude of the weight.
# Versions: torchao==0.18.0, torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: weights 3 and 1 for inputs of norm 1 and 2: Wanda keeps 3, torchao 1. A layer of 256 x 256, inputs of scales
#   from 0.05 to 20, sparsity 0.5: torchao's choice is that of the squares to 100 %, of the product to 93 %; error
#   relative to the full output 0.026 by the product, 0.032 by torchao.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 torchao==0.18.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - 2>/dev/null <<'PY'
import copy

import torch
from torch import nn
from torchao.sparsity import WandaSparsifier

torch.manual_seed(0)


def kept_by_torchao(layer, x):
    """Returns where weights are left after one batch has been observed."""
    model = nn.Sequential(copy.deepcopy(layer))
    sparsifier = WandaSparsifier(sparsity_level=0.5)
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}])
    with torch.no_grad():
        model(x)
    sparsifier.step()
    sparsifier.squash_mask()
    return model[0].weight != 0


def kept_by_rule(layer, x, power):
    """Returns the half of the layer that scores most by |weight| * norm ** power."""
    scores = (layer.weight.abs() * x.norm(dim=0) ** power).detach()
    keep = torch.ones(scores.numel(), dtype=torch.bool)
    keep[scores.flatten().argsort()[: scores.numel() // 2]] = False
    return keep.reshape(scores.shape)


small = nn.Linear(2, 1, bias=False)
small.weight.data = torch.tensor([[3.0, 1.0]])
x = torch.tensor([[1.0, 2.0]])
print("weights 3 and 1, inputs 1 and 2: Wanda keeps", small.weight[kept_by_rule(small, x, 1)].item(),
      "torchao", small.weight[kept_by_torchao(small, x)].item())
assert kept_by_rule(small, x, 1).tolist() == [[True, False]] and kept_by_torchao(small, x).tolist() == [[False, True]]

layer = nn.Linear(256, 256, bias=False)
layer.weight.data = torch.randn(256, 256)
x = torch.randn(512, 256) * torch.logspace(-1.3, 1.3, 256)
full = layer(x)
of_torchao, errors = kept_by_torchao(layer, x), {}
for name, keep in {"Wanda": kept_by_rule(layer, x, 1), "torchao": of_torchao}.items():
    pruned = x @ (layer.weight * keep).T
    errors[name] = ((pruned - full).norm() / full.norm()).item()
squares = (of_torchao == kept_by_rule(layer, x, 2)).float().mean().item()
product = (of_torchao == kept_by_rule(layer, x, 1)).float().mean().item()
print(f"relative error {errors}, torchao's choice agrees with the square {squares:.2%}, with the product {product:.2%}")
assert squares > 0.9999 and product < 0.95 and errors["torchao"] > 1.2 * errors["Wanda"]
PY
echo "as claimed"
