#!/usr/bin/env bash
# Claim: torch.optim.ASGD ("Averaged Stochastic Gradient Descent") leaves the last iterate of plain SGD in a model. Its
#   average lies in optimizer.state[p]["ax"], which nothing puts into the model and the documentation does not name; it
#   starts at step t0 = 1,000,000 by default and is until then a copy. Trained, saved and evaluated is the noisy SGD.
# Guess before: the model has the averaged weights after training, or a method swaps them in, as with AveragedModel.
# Versions: torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: 50 regressions with noisy gradients, 2,000 steps of rate 0.1: mean squared error of the model's weights the same
#   as SGD's with the same rates, and 70 times that of "ax" where t0=500; with the default t0 "ax" is the weights.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import torch

torch.set_num_threads(1)
goal = torch.linspace(-1, 1, 50)


def train(make):
    """Minimise the distance to `goal` by gradients with noise; say the errors of the weights and of the average."""
    weights, noise = torch.nn.Parameter(torch.zeros(50)), torch.Generator().manual_seed(0)
    optimizer = make([weights])
    for _ in range(2_000):
        weights.grad = (weights - goal).detach() + torch.randn(50, generator=noise)
        optimizer.step()
    average = optimizer.state[weights].get("ax", weights)
    return [(a.detach() - goal).square().mean().item() for a in (weights, average)]


# alpha=0 and lambd=0: a constant rate and no decay, so that nothing but the averaging is left
sgd, _ = train(lambda p: torch.optim.SGD(p, lr=0.1))
weights, average = train(lambda p: torch.optim.ASGD(p, lr=0.1, alpha=0.0, lambd=0.0, t0=500))
default_weights, default_average = train(lambda p: torch.optim.ASGD(p, lr=0.1, alpha=0.0, lambd=0.0))
print(f"SGD {sgd:.5f}; ASGD: weights {weights:.5f}, average {average:.5f};",
      f"of the default t0: weights {default_weights:.5f}, average {default_average:.5f}")
assert abs(weights - sgd) < 1e-5 and abs(default_weights - sgd) < 1e-5
assert average < 0.2 * weights and default_average == default_weights
assert not any("ax" in word for word in torch.optim.ASGD.__doc__.replace("maximize", "").split())
PY
echo "as claimed"
