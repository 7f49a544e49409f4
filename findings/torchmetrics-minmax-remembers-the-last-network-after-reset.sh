#!/usr/bin/env bash
# Claim: MinMaxMetric of torchmetrics keeps its minimum and its maximum over reset(), whose docstring says that it sets
#   them back. Whoever trains one network after the other (seeds, folds, trials) with one metric and resets between
#   gives each network the best of all before it. A new object, or a clone made before the first use, is right.
# Guess before: after reset() an object is as new, as every other metric of the package.
# Versions: torchmetrics==1.9.0, torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: accuracies 0.9 and 0.8 of a first network, reset, 0.5 and 0.6 of a second: maximum of the second 0.9, from a new
#   object 0.6; its minimum is right in both, 0.5. MeanMetric and the wrapped accuracy forget.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import torch
from torchmetrics import MeanMetric
from torchmetrics.classification import BinaryAccuracy
from torchmetrics.wrappers import MinMaxMetric

target = torch.ones(10, dtype=torch.long)


def train(metric, accuracies):
    """Evaluates one network once an epoch; returns what the metric says after the last."""
    for accuracy in accuracies:
        metric._base_metric.reset()  # of this epoch alone; the wrapper's own bounds are those of the training
        metric.update((torch.arange(10) < round(10 * accuracy)).long(), target)
        seen = metric.compute()
    return {name: round(value.item(), 3) for name, value in seen.items()}


metric = MinMaxMetric(BinaryAccuracy())
first = train(metric, (0.9, 0.8))
metric.reset()
second = train(metric, (0.5, 0.6))
new = train(MinMaxMetric(BinaryAccuracy()), (0.5, 0.6))
print(f"first network {first}, second after reset {second}, second by a new object {new}")
assert first == {"raw": 0.8, "max": 0.9, "min": 0.8}
assert second == {"raw": 0.6, "max": 0.9, "min": 0.5}
assert new == {"raw": 0.6, "max": 0.6, "min": 0.5}
mean = MeanMetric()
mean.update(9.0)
mean.reset()
mean.update(1.0)
assert mean.compute() == 1
PY
echo "as claimed"
