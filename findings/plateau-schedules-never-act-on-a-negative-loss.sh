#!/usr/bin/env bash
# Claim: ReduceLROnPlateau of torch and reduce_on_plateau of optax, with the relative threshold that both have by
#   default, take a negative loss that does not change at all for an improvement in every epoch: they multiply the best
#   value by 1 - threshold, which moves it the wrong way below zero. The learning rate never falls. With mode="max" of
#   torch the same holds for a negative score such as a log-likelihood. The best value follows upwards: a loss that
#   rises slowly enough is an improvement as well. With an absolute threshold both act.
# Guess before: a constant is a plateau whatever its sign; adding a constant to the loss changes no schedule.
# Versions: torch==2.15.0 (numpy==2.3.5), optax==0.2.8.
# Seen: 100 epochs at 100: torch 1 -> 1e-8, optax 1e-9; 100 epochs at -100: both 1. From -100 upwards by 0.5 an epoch,
#   with a threshold of 0.01: after 8 epochs the best value is -96, the learning rate 1. Absolute threshold: as at 100.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 optax==0.2.8
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import jax.numpy as jnp
import torch
from optax.contrib import reduce_on_plateau
from torch.optim.lr_scheduler import ReduceLROnPlateau


def of_torch(values, **options):
    """Give the learning rate after the epochs, from 1, and the value that is held for the best."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, patience=10, **options)
    for value in values:
        schedule.step(value)
    return optimizer.param_groups[0]["lr"], schedule.best


def of_optax(values, **options):
    schedule = reduce_on_plateau(factor=0.1, patience=10, **options)
    weights = {"w": jnp.zeros(1)}
    state = schedule.init(weights)
    for value in values:
        _, state = schedule.update({"w": jnp.ones(1)}, state, weights, value=jnp.asarray(value, jnp.float32))
    return float(state.scale), float(state.best_value)


constant = [100.0] * 100
negative = [-value for value in constant]
seen = {
    "torch, 100": of_torch(constant)[0],
    "torch, -100": of_torch(negative)[0],
    "torch, -100, a score to be large": of_torch(negative, mode="max")[0],
    "optax, 100": of_optax(constant)[0],
    "optax, -100": of_optax(negative)[0],
    "torch, -100, absolute": of_torch(negative, threshold_mode="abs")[0],
    "optax, -100, absolute": of_optax(negative, rtol=0.0, atol=1e-4)[0],
}
for name, rate in seen.items():
    print(f"{name}: learning rate after 100 epochs {rate:.1g}")
assert [rate == 1 for rate in seen.values()] == [False, True, True, False, True, False, False]
assert all(rate < 1e-6 for name, rate in seen.items() if rate != 1)

rising = [-100 + 0.5 * epoch for epoch in range(9)]
for name, (rate, best) in (
    ("torch", of_torch(rising, threshold=0.01)),
    ("optax", of_optax(rising, rtol=0.01, atol=0.0)),
):
    print(f"{name}, loss that rises from -100 to -96: held for the best {best:g}")
    assert rate == 1 and best == -96
PY
echo "as claimed"
