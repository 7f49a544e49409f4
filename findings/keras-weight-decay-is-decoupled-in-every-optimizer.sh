#!/usr/bin/env bash
# Claim: weight_decay of Keras 3's optimizers is AdamW's, in all of them: keras.optimizers.Adam(weight_decay=w) is AdamW
#   bit for bit, and SGD's decay does not pass through its momentum. torch's Adam and SGD add w times the weight to the
#   gradient (L2). The common recipe SGD(momentum=0.9, weight_decay=5e-4) thus decays ten times less in Keras than in
#   torch, and its Adam is not torch's Adam but AdamW. Keras says "If set, weight decay is applied", and no more.
# Guess before: weight_decay of Adam and SGD is what it is in torch; AdamW exists because that is another thing.
# Versions: keras==3.15.1 on torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: a weight of 1 without gradient after 200 steps of rate 0.1, w=0.005: Keras 0.905 = 0.9995^200, with and without
#   momentum; torch 0.905 without, 0.367 with momentum 0.9. Adam: Keras 0.905, as AdamW; torch's Adam reaches 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 keras==3.15.1
KERAS_BACKEND=torch "$folder/env/bin/python" - <<'PY'
import math

import keras
import numpy as np
import torch

GRADIENTS = {"none": torch.zeros(200), "small": 0.01 * torch.randn(200, generator=torch.Generator().manual_seed(0))}


def by_keras(name, gradients, l2=0.0, **options):
    weight = keras.Variable(np.ones(1, dtype=np.float32))
    optimizer = getattr(keras.optimizers, name)(0.1, **options)
    optimizer.build([weight])
    for gradient in GRADIENTS[gradients]:
        optimizer.apply([gradient.reshape(1) + l2 * weight.value.detach()], [weight])
    return float(weight.numpy()[0])


def by_torch(name, gradients, **options):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = getattr(torch.optim, name)([weight], lr=0.1, **options)
    for gradient in GRADIENTS[gradients]:
        weight.grad = gradient.reshape(1)
        optimizer.step()
    return weight.item()


decay, momentum = {"weight_decay": 0.005}, {"momentum": 0.9}
for gradients in GRADIENTS:
    seen = {"keras SGD": by_keras("SGD", gradients, **decay), "torch SGD": by_torch("SGD", gradients, **decay),
            "keras SGD, momentum": by_keras("SGD", gradients, **momentum, **decay),
            "torch SGD, momentum": by_torch("SGD", gradients, **momentum, **decay),
            "keras Adam": by_keras("Adam", gradients, **decay), "keras AdamW": by_keras("AdamW", gradients, **decay),
            "torch Adam": by_torch("Adam", gradients, **decay),
            "torch AdamW": by_torch("AdamW", gradients, **decay)}
    print(f"gradients {gradients}:", {name: round(value, 4) for name, value in seen.items()})
    assert seen["keras Adam"] == seen["keras AdamW"] and abs(seen["keras Adam"] - seen["torch AdamW"]) < 1e-3
    assert abs(seen["keras SGD"] - seen["torch SGD"]) < 1e-3 and abs(seen["keras Adam"] - seen["torch Adam"]) > 0.05
    assert abs(seen["keras SGD, momentum"] - seen["torch SGD, momentum"]) > 0.05
    # what torch computes is Keras's without weight_decay, the decay added to the gradient
    assert abs(by_keras("SGD", gradients, l2=0.005, **momentum) - seen["torch SGD, momentum"]) < 1e-3
    if gradients == "none":
        times = math.log(seen["torch SGD, momentum"]) / math.log(seen["keras SGD, momentum"])
        print(f"torch's momentum multiplies the decay {times:.1f} times")
        assert 8 < times < 11 and abs(seen["keras SGD, momentum"] - 0.9995**200) < 1e-3
PY
echo "as claimed"
