#!/usr/bin/env bash
# Claim: Muon of MLX adds the decay times the weights to the gradient before it makes the update orthogonal, which takes
#   away every size: a matrix without a gradient (a branch that is cut off) loses the same step of the learning rate per
#   step whether the decay is 1e-6 or 1, and one with a gradient hardly decays at all. Keller Jordan's code, which its
#   docstring follows, torch.optim.Muon and optax's muon take rate x decay x weights off, beside the update.
# Guess before: n steps with rate r and decay d leave (1 - r d)^n of weights without a gradient; twice the decay, twice
#   the loss. (The docstring calls it "L2 penalty"; in Muon that means: no strength at all.)
# Versions: mlx==0.32.4, mlx-cpu==0.32.4, optax==0.2.8, jax==0.10.2, jaxlib==0.10.2, numpy==2.4.6, torch==2.15.0 (CPU).
# Seen: a matrix of 8 x 8, rate 0.02, 20 steps, share of the norm that is left without a gradient, by decay 1e-6, 1e-3,
#   1: MLX 0.876, 0.874, 0.874; torch and optax 1.000, 1.000, 0.668. With normal gradients and decay 1, over decay 0:
#   MLX 0.90, torch and optax 0.67.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet mlx==0.32.4 mlx-cpu==0.32.4 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 \
  numpy==2.4.6 torch==2.15.0
JAX_PLATFORMS=cpu OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import mlx.core as mx
import mlx.optimizers
import numpy as np
import optax
import torch

RATE, STEPS = 0.02, 20
random = np.random.default_rng(0)
start = random.normal(size=(8, 8)).astype("float32")
slope = random.normal(size=(8, 8)).astype("float32")


def of_mlx(decay, gradient):
    optimizer, weights = mlx.optimizers.Muon(RATE, weight_decay=decay), {"w": mx.array(start)}
    for _ in range(STEPS):
        weights = optimizer.apply_gradients({"w": mx.array(gradient)}, weights)
    return np.array(weights["w"])


def of_torch(decay, gradient):
    weights = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.Muon([weights], lr=RATE, weight_decay=decay)
    for _ in range(STEPS):
        weights.grad = torch.tensor(gradient)
        optimizer.step()
    return weights.detach().numpy()


def of_optax(decay, gradient):
    optimizer, weights = optax.contrib.muon(RATE, weight_decay=decay), start
    state = optimizer.init(weights)
    for _ in range(STEPS):
        update, state = optimizer.update(gradient, state, weights)
        weights = optax.apply_updates(weights, update)
    return np.asarray(weights)


size = np.linalg.norm
for name, train in {"mlx": of_mlx, "torch": of_torch, "optax": of_optax}.items():
    left = [size(train(decay, np.zeros_like(slope))) / size(start) for decay in (1e-6, 1e-3, 1.0)]
    busy = size(train(1.0, slope)) / size(train(0.0, slope))
    print(f"{name}: left without a gradient {np.round(left, 3).tolist()}, with one, over decay 0, {busy:.3f}")
    if name == "mlx":
        assert max(left) - min(left) < 5e-3 and left[0] < 0.9 and busy > 0.88
    else:
        assert np.allclose(left, [(1 - RATE * decay) ** STEPS for decay in (1e-6, 1e-3, 1.0)], atol=1e-3)
        assert busy < 0.8
PY
echo "as claimed"
