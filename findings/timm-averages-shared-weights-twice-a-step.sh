#!/usr/bin/env bash
# Claim: timm's moving averages of weights, ModelEma, ModelEmaV2 and ModelEmaV3 (with foreach and without), walk through
#   the state dict, where a weight that two layers share has two names: it is averaged twice a step. Its decay is the
#   square of the one that was set, the time constant half of that of all other weights of the same network.
#   AveragedModel of torch, ema-pytorch and torch_ema average a shared weight once.
# Guess before: a parameter is a parameter; how many layers use it changes nothing. The average stays shared, as it
#   does.
# Versions: timm==1.0.31, ema-pytorch==0.8.3, torch_ema==0.3, torch==2.15.0, torchvision==0.29.2 (numpy==2.3.5).
# Seen: weights go from 0 to 1, three steps with decay 0.9: own weights 0.271 = 1 - 0.9^3 everywhere, shared ones 0.469
#   = 1 - 0.9^6 in timm's three classes, 0.271 elsewhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet timm==1.0.31 ema-pytorch==0.8.3 torch_ema==0.3 \
  torch==2.15.0 torchvision==0.29.2 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from ema_pytorch import EMA
from timm.utils import ModelEma, ModelEmaV2, ModelEmaV3
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch_ema import ExponentialMovingAverage

DECAY, STEPS = 0.9, 3


class Tied(nn.Module):
    """Reads tokens by the weights with which it also writes them, as language models do, and has one layer between."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.between = nn.Linear(4, 4, bias=False)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embedding.weight


def fill(model, value):
    for parameter in model.parameters():
        nn.init.constant_(parameter, value)


model = Tied()
fill(model, 0.0)
timms = {
    "ModelEma": ModelEma(model, decay=DECAY),
    "ModelEmaV2": ModelEmaV2(model, decay=DECAY),
    "ModelEmaV3": ModelEmaV3(model, decay=DECAY),
    "ModelEmaV3, foreach=False": ModelEmaV3(model, decay=DECAY, foreach=False),
}
of_torch = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(DECAY))
of_ema_pytorch = EMA(model, beta=DECAY, min_value=DECAY, update_after_step=0, update_every=1)
of_torch_ema = ExponentialMovingAverage(model.parameters(), DECAY, use_num_updates=False)
of_torch.update_parameters(model)  # the first call of these two takes the weights as they are
of_ema_pytorch.update()
fill(model, 1.0)
for _ in range(STEPS):
    for average in timms.values():
        average.update(model)
    of_torch.update_parameters(model)
    of_ema_pytorch.update()
    of_torch_ema.update(model.parameters())
averaged = {name: getattr(average, "module", None) or average.ema for name, average in timms.items()}
averaged |= {"AveragedModel": of_torch.module, "ema-pytorch": of_ema_pytorch.ema_model}
with of_torch_ema.average_parameters(model.parameters()):
    seen = {"torch_ema": (model.embedding.weight[0, 0].item(), model.between.weight[0, 0].item())}
for name, network in averaged.items():
    assert network.head.weight is network.embedding.weight
    seen[name] = network.embedding.weight[0, 0].item(), network.between.weight[0, 0].item()
for name, (shared, own) in seen.items():
    print(f"{name}: shared weights {shared:.3f}, others {own:.3f}")
    assert math.isclose(own, 1 - DECAY**STEPS, rel_tol=1e-4)
    assert math.isclose(shared, 1 - DECAY ** (2 * STEPS if name in timms else STEPS), rel_tol=1e-4)
PY
echo "as claimed"
