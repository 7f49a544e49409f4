#!/usr/bin/env bash
# Claim: torchmetrics documents the calibration error of task="binary" as the "top-label" one, by "the top-1 prediction
#   accuracy" of each bin, word for word as that of task="multiclass". It takes the probability of class 1 instead, and
#   the share of class 1. The same predictions of two classes have an error 27 times as large here where a
#   network says one sigmoid as where it says a softmax of two: to compare the two is to compare heads, not calibration.
# Guess before: a sigmoid is a softmax of two classes, so both tasks say the same of p and of (1 - p, p).
# Versions: torchmetrics==1.9.0, torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: 10,000 examples, class 1 has probability p^2 where p is said, 15 bins: binary 0.118; multiclass 0.004, as the
#   documented formula by hand: too much confidence in class 1 and too little in class 0 cancel in it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 torchmetrics==1.9.0
"$folder/env/bin/python" - <<'PY'
import numpy as np
import torch
from torchmetrics.classification import BinaryCalibrationError, MulticlassCalibrationError
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

torch.set_num_threads(1)
for metric in (BinaryCalibrationError, MulticlassCalibrationError):
    assert "Top-label Calibration Error" in metric.__doc__ and "top-1 prediction accuracy" in metric.__doc__


def by_hand(confidence, right):
    """Say the mean over 15 bins of |accuracy - mean confidence|, weighted by the examples of each."""
    bins = np.clip(np.ceil(15 * confidence) - 1, 0, 14)
    return sum(abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins))


random = np.random.default_rng(0)
said = random.beta(0.5, 0.5, 10_000)
truth = random.random(10_000) < said**2
p, labels = torch.tensor(said, dtype=torch.float32), torch.tensor(truth).int()
binary = binary_calibration_error(p, labels, n_bins=15).item()
multiclass = multiclass_calibration_error(torch.stack([1 - p, p], 1), labels, num_classes=2, n_bins=15).item()
top_label = by_hand(np.maximum(said, 1 - said), (said > 0.5) == truth)
print(f"binary {binary:.4f} (class 1 by hand {by_hand(said, truth):.4f}), multiclass {multiclass:.4f}",
      f"(top label by hand {top_label:.4f})")
assert abs(multiclass - top_label) < 1e-3 and abs(binary - by_hand(said, truth)) < 1e-3
assert binary > 10 * multiclass
PY
echo "as claimed"
