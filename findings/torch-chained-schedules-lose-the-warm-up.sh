#!/usr/bin/env bash
# Claim: ChainedScheduler of torch multiplies its schedules only where each is written as a ratio of one epoch to the
#   last. LambdaLR and CosineAnnealingWarmRestarts set the learning rate anew, so that a linear warm-up before one of
#   them in the list disappears without a word: the first epoch has the full learning rate. Listed after them it
#   multiplies by its ratio of one epoch to the last, from a rate that was set anew: more than three times the largest
#   learning rate in the second epoch. With CosineAnnealingLR, of the same curve, both orders give the product.
# Guess before: a chain is the product of its schedules in any order, or a schedule that cannot be chained is refused.
# Versions: torch==2.15.0 (numpy==2.3.5).
# Seen: warm-up from 0.1 over four epochs and a cosine over twelve, first three epochs: CosineAnnealingLR 0.10 0.32
#   0.51; CosineAnnealingWarmRestarts(12) and LambdaLR of the same cosine 1.00 0.98 0.93, in the other order 0.10 3.19
#   1.58.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python - <<'PY'
import math
import warnings

import torch
from torch.optim import lr_scheduler as schedules

EPOCHS = 12


def rates(*kinds):
    """Give the learning rate of each epoch under a chain of the schedules, in the order that is given."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    chain, seen = schedules.ChainedScheduler([kind(optimizer) for kind in kinds]), []
    for _ in range(EPOCHS):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        chain.step()
    return seen


def warm_up(optimizer):
    return schedules.LinearLR(optimizer, 0.1, 1.0, 4)


def cosine(epoch):
    return (1 + math.cos(math.pi * epoch / EPOCHS)) / 2


CURVES = {
    "CosineAnnealingLR": lambda optimizer: schedules.CosineAnnealingLR(optimizer, EPOCHS),
    "CosineAnnealingWarmRestarts": lambda optimizer: schedules.CosineAnnealingWarmRestarts(optimizer, EPOCHS),
    "LambdaLR": lambda optimizer: schedules.LambdaLR(optimizer, cosine),
}
alone = [cosine(epoch) for epoch in range(EPOCHS)]
product = [min(1, 0.1 + 0.9 * epoch / 4) * rate for epoch, rate in enumerate(alone)]


def close(rates, others):
    return all(math.isclose(rate, other, abs_tol=1e-6) for rate, other in zip(rates, others, strict=True))


with warnings.catch_warnings():
    warnings.simplefilter("error")
    for name, curve in CURVES.items():
        assert close(rates(curve), alone), name
        before, after = rates(warm_up, curve), rates(curve, warm_up)
        print(f"{name}: warm-up first {[round(rate, 2) for rate in before[:5]]}", end=", ")
        print(f"warm-up last {[round(rate, 2) for rate in after[:5]]}, product {[round(rate, 2) for rate in product[:5]]}")
        if name == "CosineAnnealingLR":
            assert close(before, product) and close(after, product)
        else:
            assert close(before, alone) and max(after) > 3
PY
echo "as claimed"
