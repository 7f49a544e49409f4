#!/usr/bin/env bash
# Claim: MARS of pytorch-optimizer with weight_decouple=False does the opposite of a decay: weights grow. The step is
#   worked out from the gradient alone; only then is weight_decay * weight added to the gradient, which nothing uses any
#   more but the next step's correction by the last gradient, and there it is subtracted. fixed_decay changes nothing.
#   Adan of the same library and torch's Adam, with the decay in the gradient, shrink the same weights; so does MARS
#   with weight_decouple=True, its default.
# Guess before: an L2 penalty in place of a decoupled decay, like weight_decay of torch's Adam: weights that the loss
#   does not need shrink.
# Versions: pytorch-optimizer==4.1.0, torch==2.15.0 (CPU), scikit-learn==1.8.0 (its digits), numpy==2.3.5.
# Seen: weights of 1, rate 0.01, weight_decay 0.1, 200 steps without a gradient: 3.22; torch's Adam 0.02, MARS decoupled
#   0.82. Mean of 16 weights after 1,000 steps of noise: 7.97; -0.00, 0.40. A linear layer on digits, norm of the
#   weights after 1,000 steps: 29.9 without decay, 245.7 with it (accuracy 98.4 % and 82.2 %); decoupled 22.9.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 pytorch-optimizer==4.1.0 scikit-learn==1.8.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import functools

import pytorch_optimizer
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.set_num_threads(1)
coupled = functools.partial(pytorch_optimizer.MARS, weight_decouple=False)
kinds = {
    "MARS coupled": coupled,
    "MARS coupled, fixed_decay": functools.partial(coupled, fixed_decay=True),
    "MARS decoupled": functools.partial(pytorch_optimizer.MARS, weight_decouple=True),
    "Adan coupled": functools.partial(pytorch_optimizer.Adan, weight_decouple=False),
    "torch's Adam": torch.optim.Adam,
}


def mean_after(kind, steps, size):
    torch.manual_seed(0)
    weights = nn.Parameter(torch.ones(4, 4))
    optimizer = kind([weights], lr=0.01, weight_decay=0.1)
    for _ in range(steps):
        weights.grad = size * torch.randn(4, 4)
        optimizer.step()
    return weights.mean().item()


images, labels = (torch.from_numpy(array) for array in load_digits(return_X_y=True))
images = images.float() / 16


def norm_after(kind, decay):
    torch.manual_seed(0)
    layer = nn.Linear(64, 10)
    optimizer = kind(layer.parameters(), lr=0.01, weight_decay=decay)
    for _ in range(1_000):
        rows = torch.randint(len(images), (64,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(layer(images[rows]), labels[rows]).backward()
        optimizer.step()
    accuracy = (layer(images).argmax(1) == labels).double().mean().item()
    return layer.weight.norm().item(), accuracy


for name, kind in kinds.items():
    still, noise = mean_after(kind, 200, 0.0), mean_after(kind, 1_000, 0.1)
    without, with_decay = norm_after(kind, 0.0), norm_after(kind, 0.1)
    print(f"{name}: without a gradient {still:.2f}, noise {noise:.2f}; norm on digits without decay {without[0]:.1f}, "
          f"with it {with_decay[0]:.1f} (accuracy {without[1]:.1%}, {with_decay[1]:.1%})")
    if name.startswith("MARS coupled"):
        assert still > 2 and noise > 4 and with_decay[0] > 4 * without[0] and with_decay[1] < without[1] - 0.05
    else:
        assert still < 0.9 and noise < 0.5 and with_decay[0] < without[0]
PY
echo "as claimed"
