#!/usr/bin/env bash
# Claim: BootStrapper of torchmetrics with sampling_strategy="multinomial" draws with replacement from each batch for
#   itself, so that every batch is in every sample with its own number of examples. What the batches differ by is
#   missing in the deviation that it reports: in test data that lie class by class, as a folder per class gives them,
#   it is too small by any factor, with batches of one example 0. The default, "poisson", does not depend on batches.
# Guess before: a bootstrap resamples the examples that it has seen; the batch size changes memory and time, not the
#   error bar.
# Versions: torchmetrics==1.9.0, torch==2.15.0, numpy==2.3.5.
# Seen: 200 examples of ten classes in their order, 110 right, standard error by formula 0.0352. "multinomial" 0.0345
#   in one batch, 0.0200 in batches of ten, 0.0 one by one; "poisson" 0.0305, 0.0327 and 0.0318.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.15.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import torch
from torchmetrics import BootStrapper, MeanMetric

# 200 examples of ten classes in their order, of which 20, 18, ... 2 are right
correct = torch.cat([(torch.arange(20) < 20 - 2 * label).float() for label in range(10)])
share = float(correct.mean())
right = (share * (1 - share) / len(correct)) ** 0.5


def deviation(strategy, size):
    torch.manual_seed(0)
    bootstrap = BootStrapper(MeanMetric(), num_bootstraps=200, sampling_strategy=strategy)
    for batch in correct.split(size):
        bootstrap.update(batch)
    return round(float(bootstrap.compute()["std"]), 4)


strategies, sizes = ("poisson", "multinomial"), (200, 10, 1)
found = {strategy: {size: deviation(strategy, size) for size in sizes} for strategy in strategies}
print("standard error by formula:", round(right, 4), "by batch size:", found)
poisson, multinomial = found["poisson"], found["multinomial"]
assert all(abs(value / right - 1) < 0.25 for value in [multinomial[200], *poisson.values()]), found
assert 0.2 < multinomial[10] / right < 0.7 and multinomial[1] < 1e-6, found
PY
echo "as claimed"
