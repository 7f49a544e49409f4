#!/usr/bin/env bash
# Claim: the surrogate gradient "triangular" of snnTorch is +threshold below the threshold and -threshold above it, as
#   far away as one likes, so that for a neuron that fires, gradient descent goes the wrong way: a loss that asks for
#   silence makes its weight grow, for ever. "spike_rate_escape" has its peak at twice the threshold, as the membrane
#   arrives less the threshold and 1 is taken off again. Both docstrings have these formulas, of a shifted step.
# Guess before: a stand-in for the gradient of a step is nowhere negative and largest at the threshold, as
#   fast_sigmoid, atan, sigmoid and straight_through_estimator there are, and "triangle" of Norse, which falls to 0.
# Versions: snntorch==1.0.0, norse==1.1.0, torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: threshold 1, gradient at membranes 0.5, 0.9, 1.1, 2, 3: triangular 1, 1, -1, -1, -1; spike_rate_escape 5.6, 8.3,
#   10.2, 25, 9.2; Norse's triangle 0.5, 0.9, 0.9, 0, 0. One neuron that fires at weight 1.6 and shall not, 300 steps of
#   rate 0.05: triangular 31.6 and firing, straight_through_estimator 1.0 and silent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 numpy==2.3.5 snntorch==1.0.0 norse==1.1.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import snntorch
import torch
from norse.torch.functional.threshold import threshold
from snntorch import surrogate
from torch import nn

MEMBRANES = [0.5, 0.9, 1.1, 2.0, 3.0]


def neuron(name):
    return snntorch.Leaky(beta=0.0, threshold=1.0, spike_grad=getattr(surrogate, name)(), reset_mechanism="none")


def gradients(name):
    membranes = torch.tensor(MEMBRANES, requires_grad=True)
    spikes, _ = neuron(name)(membranes, torch.zeros(len(MEMBRANES)))
    assert spikes.tolist() == [0, 0, 1, 1, 1]
    spikes.sum().backward()
    return [round(gradient, 3) for gradient in membranes.grad.tolist()]


def silence(name):
    """Trains one neuron that fires not to fire, and returns its weight and its last spike."""
    weight, layer = nn.Parameter(torch.tensor([1.6])), neuron(name)
    optimizer = torch.optim.SGD([weight], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        spike, _ = layer(weight * 1.0, torch.zeros(1))
        spike.square().sum().backward()
        optimizer.step()
    return weight.item(), layer(weight * 1.0, torch.zeros(1))[0].item()


for name in ("fast_sigmoid", "atan", "sigmoid", "straight_through_estimator", "triangular", "spike_rate_escape"):
    found = gradients(name)
    print(f"{name}: gradients {found}")
    assert (min(found) < 0) == (name == "triangular")
    assert found[1] < found[3] if name == "spike_rate_escape" else abs(found[1]) >= abs(found[3])
assert gradients("triangular") == [1, 1, -1, -1, -1]

membranes = torch.tensor(MEMBRANES, requires_grad=True)
threshold(membranes - 1, "triangle", torch.tensor(1.0)).sum().backward()
of_norse = [round(gradient, 3) for gradient in membranes.grad.tolist()]
print("triangle of Norse:", of_norse)
assert of_norse == [0.5, 0.9, 0.9, 0.0, 0.0]

for name in ("straight_through_estimator", "triangular"):
    weight, spike = silence(name)
    print(f"{name}: weight {weight:.1f}, spike {spike:.0f}")
    assert (weight > 30 and spike == 1) if name == "triangular" else (weight <= 1 and spike == 0)
PY
echo "as claimed"
