#!/usr/bin/env bash
# Claim: the bias of a convolution before a batch norm has an exact gradient of zero. In single precision rounding
#   leaves some 1e-7 of it, which Adam and NAdam divide by its own size, so that the bias walks by ten learning rates in
#   200 steps; in double precision it stays. The running mean, which follows with a momentum of 0.01, lags behind the
#   walk: what a network says in evaluation mode then depends on how its convolution happens to round.
# Guess before: noise of 1e-7 moves nothing that anybody could see, and precision changes the last digits only.
# Versions: torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: largest bias after 200 steps at a rate of 0.01: float32 0.11 (Adam), 0.10 (NAdam), double 1e-10; distance of the
#   running mean from that of the batch 0.08 and 0.05, double 0.014 and 0.002.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import torch
from torch import nn


def train(kind, dtype):
    torch.manual_seed(0)
    images, labels = torch.randn(64, 1, 8, 8, dtype=torch.float64).to(dtype), torch.randint(4, (64,))
    layer, norm = nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8, momentum=0.01)
    nn.init.zeros_(layer.bias)
    head = (nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    model = nn.Sequential(layer, norm, *head).to(dtype)
    optimizer = kind(model.parameters(), lr=0.01, eps=1e-7)
    largest = 0.0
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        largest = max(largest, layer.bias.grad.abs().max().item())
        optimizer.step()
    lag = (norm.running_mean - layer(images).mean((0, 2, 3))).abs().max().item()
    return layer.bias.abs().max().item(), largest, lag


torch.set_num_threads(1)
print(torch.__version__)
for kind in (torch.optim.Adam, torch.optim.NAdam):
    single, double = train(kind, torch.float32), train(kind, torch.float64)
    for name, found in (("float32", single), ("float64", double)):
        print(kind.__name__, name, "bias %.2g, largest gradient %.2g, lag of the running mean %.2g" % found)
    assert single[0] > 0.03 and single[1] < 1e-5 and double[0] < 1e-7 and single[2] > 2 * double[2]
PY
echo "as claimed"
