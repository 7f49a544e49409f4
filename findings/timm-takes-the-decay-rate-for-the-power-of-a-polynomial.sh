#!/usr/bin/env bash
# Claim: create_scheduler_v2(sched="poly") of timm takes decay_rate, 0.1 by default, for the power of the polynomial, in
#   place of the 0.5 of PolyLRScheduler or the 1 of torch's PolynomialLR: the learning rate hardly falls, and from
#   63% in the last of 100 epochs (79% of ten) it would fall to 0 after the end. A smaller decay_rate is less decay here
#   and more for "step": one search over it moves two schedules in opposite directions.
# Guess before: a schedule called poly with nothing else given is linear or has the power of the class; the same
#   argument has the same sense in all schedules.
# Versions: timm==1.0.31, torch==2.15.0, torchvision==0.29.2 (numpy==2.3.5). Its docstring says that it is the power.
# Seen: last of 100 epochs, learning rate over the first: the factory 0.631, the class alone 0.100, torch 0.010, cosine
#   of the factory 0.0002. decay_rate 0.01: poly ends at 0.955, step (every 30 epochs) at 1e-6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet timm==1.0.31 torch==2.15.0 torchvision==0.29.2 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from timm.scheduler import PolyLRScheduler, create_scheduler_v2
from torch import nn

epochs = 100


def rates(build):
    """Give the learning rate of each epoch, stepped as timm's own training script does."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, seen = build(optimizer), []
    for epoch in range(epochs):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(epoch + 1)
    return seen


def factory(**options):
    return rates(lambda optimizer: create_scheduler_v2(optimizer, num_epochs=epochs, **options)[0])


optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
torchs = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=epochs)
for _ in range(epochs - 1):
    optimizer.step()
    torchs.step()
seen = {
    "factory, poly": factory(sched="poly")[-1],
    "class alone": rates(lambda optimizer: PolyLRScheduler(optimizer, t_initial=epochs))[-1],
    "torch, power 1": optimizer.param_groups[0]["lr"],
    "factory, cosine": factory(sched="cosine")[-1],
    "factory, poly, decay_rate 0.01": factory(sched="poly", decay_rate=0.01)[-1],
    "factory, step, decay_rate 0.01": factory(sched="step", decay_rate=0.01, decay_epochs=30)[-1],
}
for name, rate in seen.items():
    print(f"{name}: learning rate of the last epoch {rate:.3g} of the first")
expected = (0.01**0.1, 0.01**0.5, 0.01, (1 + math.cos(0.99 * math.pi)) / 2, 0.01**0.01, 1e-6)
assert all(math.isclose(rate, right, rel_tol=1e-3) for rate, right in zip(seen.values(), expected, strict=True))
assert sum(factory(sched="poly")) / epochs > 0.9  # the mean of all epochs: next to no decay
PY
echo "as claimed"
