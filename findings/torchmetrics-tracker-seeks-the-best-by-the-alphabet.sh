#!/usr/bin/env bash
# Claim: MetricTracker of torchmetrics takes a list "maximize", one truth value a metric, in the order of the alphabet
#   if the collection was built from a dictionary, not in the order of that dictionary, and says nothing. With
#   accuracy-like and error-like metrics in another order best_metric gives the largest error and the smallest R2, and
#   their epochs: the worst checkpoint is kept. A collection from a list keeps its order. Without "maximize" each metric
#   knows its side.
# Guess before: the first truth value is of the first metric that was written down; dictionaries have an order.
# Versions: torchmetrics==1.9.0, torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: errors of size 3, 0.1, 1 in three epochs. {"r2": ..., "error": ...} with [True, False]: best R2 -0.71 and best
#   error 9, both of epoch 0, the worst. From the list [R2, error], from the dictionary in order of the alphabet, and
#   without "maximize": 0.998 and 0.01, epoch 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from torchmetrics import MeanSquaredError, MetricCollection, R2Score
from torchmetrics.wrappers import MetricTracker

target = torch.arange(8.0)
sign = torch.tensor([1.0, -1.0] * 4)


def best(collection, maximize):
    tracker = MetricTracker(collection, maximize=maximize)
    for size in (3.0, 0.1, 1.0):
        tracker.increment()
        tracker.update(target + size * sign, target)
    values, epochs = tracker.best_metric(return_step=True)
    return {name.lower()[:2]: (values[name], epochs[name]) for name in values}


WRITTEN = {"r2": R2Score(), "error": MeanSquaredError()}
for name, collection, maximize, right in (
    ("dictionary r2, error", MetricCollection(WRITTEN), [True, False], False),
    ("keywords' dictionary, sorted", MetricCollection(dict(sorted(WRITTEN.items()))), [False, True], True),
    ("list", MetricCollection([R2Score(), MeanSquaredError()]), [True, False], True),
    ("dictionary, no maximize", MetricCollection(WRITTEN), None, True),
):
    seen = best(collection, maximize)
    (r2, of_r2), (error, of_error) = seen["r2"], seen.get("er") or seen["me"]
    print(f"{name}, {maximize}: best R2 {r2:.3f} of epoch {of_r2}, best error {error:.3f} of epoch {of_error}")
    assert math.isclose(error, 0.01 if right else 9, rel_tol=1e-3)
    assert (r2 > 0.99 and of_r2 == of_error == 1) if right else (r2 < 0 and of_r2 == of_error == 0)
PY
echo "as claimed"
