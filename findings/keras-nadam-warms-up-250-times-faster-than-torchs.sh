#!/usr/bin/env bash
# Claim: Nadam of Keras 3 and NAdam of torch are different optimizers at equal rate, betas and eps. Both raise momentum
#   by 0.96^(t d), but d is 0.004 in torch (and was in Keras 2, as schedule_decay), and 1 in Keras 3, where it cannot be
#   set: momentum is within 5 % of its full value after 57 steps there, and after 14,100 in torch. Only torch's
#   momentum_decay=1 is Keras's. A network whose rate was tuned in one of them trains otherwise in the other.
# Guess before: the same numbers up to rounding, as for Adam.
# Versions: keras==3.12.0 on torch==2.13.0.
# Seen: one weight, 200 steps at 0.01 under equal gradients: Keras 0.4459, torch 0.4388, torch with momentum_decay=1
#   0.4459; the momentum of step 50 is 0.842 in Keras and 0.454 in torch. Adam of both: 0.4548.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet keras==3.12.0 torch==2.13.0 numpy==2.3.5
KERAS_BACKEND=torch "$folder/env/bin/python" - <<'PY'
import keras
import numpy as np
import torch

STEPS = 200
GRADIENTS = [1.0 if step % 7 else -3.0 for step in range(STEPS)]


def by_keras(optimizer):
    weight = keras.Variable(np.ones(1, "float32"))
    optimizer.build([weight])
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(np.float32([gradient]))], [weight])
    return float(keras.ops.convert_to_numpy(weight)[0])


def by_torch(kind, **options):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = kind([weight], lr=0.01, eps=1e-8, **options)
    for gradient in GRADIENTS:
        weight.grad = torch.full((1,), gradient)
        optimizer.step()
    return weight.item()


adam = by_keras(keras.optimizers.Adam(0.01, epsilon=1e-8)), by_torch(torch.optim.Adam)
nadam = by_keras(keras.optimizers.Nadam(0.01, epsilon=1e-8))
torchs, as_keras = by_torch(torch.optim.NAdam), by_torch(torch.optim.NAdam, momentum_decay=1)
momentum = {decay: 0.9 * (1 - 0.5 * 0.96 ** (50 * decay)) for decay in (1, 0.004)}
print(f"Adam: Keras {adam[0]:.4f}, torch {adam[1]:.4f}")
print(f"Nadam: Keras {nadam:.4f}, torch {torchs:.4f}, torch with momentum_decay=1 {as_keras:.4f}")
print(f"momentum of step 50: {momentum[1]:.3f} and {momentum[0.004]:.3f}")
assert abs(adam[0] - adam[1]) < 1e-4
assert abs(nadam - as_keras) < 1e-4
assert abs(nadam - torchs) > 5e-3
PY
echo "as claimed"
