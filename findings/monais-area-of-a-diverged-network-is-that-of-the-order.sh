#!/usr/bin/env bash
# Claim: MONAI's compute_roc_auc and compute_average_precision (and the metrics ROCAUCMetric and
#   AveragePrecisionMetric) take scores that are NaN. No comparison with NaN is true, so that every score is a
#   threshold of its own, in the order in which the examples stand: of a validation set that lies class by class, as
#   folders are read, the area of a network that diverged is 1.0 with the negatives first, or the average precision is
#   1.0 with the positives first. scikit-learn refuses NaN.
# Guess before: NaN, an error, or chance (0.5 and the share of positives), as for scores that are all equal.
# Versions: monai==1.6.1, scikit-learn==1.9.1, torch==2.15.0, numpy==2.3.5.
# Seen: 5 negatives, then 5 positives, all NaN: area 1.00, average precision 0.35; positives first 0.00 and 1.00; in
#   turns 0.60 and 0.50. All 0.3 in place of NaN: 0.50 and 0.50 in any order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet monai==1.6.1 scikit-learn==1.9.1 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from monai.metrics import AveragePrecisionMetric, ROCAUCMetric
from sklearn.metrics import roc_auc_score

EXPECTED = {"negatives first": (1.0, 0.354), "positives first": (0.0, 1.0), "in turns": (0.6, 0.5)}
orders = {"negatives first": [0] * 5 + [1] * 5, "positives first": [1] * 5 + [0] * 5, "in turns": [0, 1] * 5}


def areas(score, labels):
    seen = []
    for metric in (ROCAUCMetric(), AveragePrecisionMetric()):
        metric(torch.full((10, 1), score), torch.tensor(labels)[:, None])
        seen.append(float(metric.aggregate()))
    return tuple(seen)


for name, labels in orders.items():
    diverged, equal = areas(math.nan, labels), areas(0.3, labels)
    print(f"{name}: of nan {diverged[0]:.2f} and {diverged[1]:.2f}, of equal scores {equal[0]:.2f} and {equal[1]:.2f}")
    assert all(math.isclose(a, b, abs_tol=1e-3) for a, b in zip(diverged, EXPECTED[name], strict=True))
    assert equal == (0.5, 0.5)
    try:
        roc_auc_score(labels, [math.nan] * 10)
        raise SystemExit("scikit-learn takes NaN now")
    except ValueError:
        pass
PY
echo "as claimed"
