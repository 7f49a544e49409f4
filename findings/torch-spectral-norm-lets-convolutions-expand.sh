#!/usr/bin/env bash
# Claim: torch's spectral_norm holds the norm of a convolution's kernel reshaped to a matrix at 1, not that of the
#   convolution: a 3x3 convolution that it has normalised can still make its input three times as long. An iteration
#   that needs a contraction, such as that of an equilibrium layer, diverges with 0.9 times the normalised convolution.
# Guess before: the layer's Lipschitz constant is 1 afterwards, for linear layers and convolutions alike.
# Versions: torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: kernel of equal weights, 3x3, circular padding: a constant image becomes 3.000 times as large. 50 steps of
#   z = 0.9 conv(z) + x reach 1e+21; a linear layer of the same weights stays below 10.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(0)


def normalised(layer):
    nn.init.ones_(layer.weight)
    layer = spectral_norm(layer, n_power_iterations=20)
    layer.train()
    with torch.no_grad():
        layer.weight  # iterates
    return layer.eval()


@torch.no_grad()
def iterate(layer, x):
    z = torch.zeros_like(x)
    for _ in range(50):
        z = 0.9 * layer(z) + x
    return float(z.abs().max())


convolution = normalised(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular", bias=False))
linear = normalised(nn.Linear(9, 9, bias=False))
image = torch.ones(1, 1, 16, 16)
with torch.no_grad():
    matrix_norm = float(torch.linalg.matrix_norm(convolution.weight.flatten(1), ord=2))
    growth = float(convolution(image).norm() / image.norm())
    linear_growth = float(linear(torch.ones(1, 9)).norm() / 3)
ends = iterate(convolution, image), iterate(linear, torch.ones(1, 9))
print(torch.__version__, {"kernel as a matrix": matrix_norm, "convolution": growth, "linear": linear_growth, "ends": ends})
assert abs(matrix_norm - 1) < 1e-5 and abs(growth - 3) < 1e-4 and abs(linear_growth - 1) < 1e-5
assert ends[0] > 1e20 and ends[1] < 10.5, ends
PY
echo "as claimed"
