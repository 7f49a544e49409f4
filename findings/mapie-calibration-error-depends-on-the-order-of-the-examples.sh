#!/usr/bin/env bash
# Claim: expected_calibration_error of MAPIE with split_strategy="array split" depends on the order of the examples, and
#   in a random order it hides miscalibration. It splits the scores as they come, without sorting them, and takes the
#   largest score of each part for the upper edge of a bin: in a shuffled test set all of these are near 1, so that
#   nearly every example is in the first bin, where too much and too little confidence cancel. Of sorted scores it is an
#   error of bins of equal size. top_label_ece has the same option. "uniform" (the default) and "quantile" do not depend
#   on the order.
# Guess before: a calibration error is a sum over examples and knows no order; an array split makes bins of equal size
#   of the scores, and so agrees with "quantile".
# Versions: MAPIE==1.6.0 (scikit-learn==1.9.1, scipy==1.17.1, numpy==2.3.5).
# Seen: 10,000 examples, 15 bins, an error of 0.1003 by construction: array split 0.0049 shuffled and 0.1033 sorted by
#   confidence, uniform 0.1020 and quantile 0.1022 in both orders; top_label_ece says the same of each.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet MAPIE==1.6.0 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.3.5
"$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
from mapie.metrics.calibration import expected_calibration_error, top_label_ece

random = np.random.default_rng(0)
confidence = random.uniform(0.5, 1, size=10_000)
share = 0.75 + 0.2 * (confidence - 0.75)  # too sure above 0.75 and not sure enough below
right = (random.random(10_000) < share).astype(int)
truth = float(np.abs(share - confidence).mean())
print(f"error by construction {truth:.4f}")

errors = {}
for strategy in ("uniform", "quantile", "array split"):
    for order, index in {"shuffled": np.arange(10_000), "sorted": np.argsort(confidence)}.items():
        arguments = right[index], confidence[index]
        errors[strategy, order] = expected_calibration_error(*arguments, num_bins=15, split_strategy=strategy)
        labels = top_label_ece(*arguments, y_score_arg=np.ones(10_000, int), num_bins=15, split_strategy=strategy)
        print(f"{strategy}, {order}: {errors[strategy, order]:.4f}, of the top label {labels:.4f}")
        assert np.isclose(labels, errors[strategy, order])
for key, error in errors.items():
    assert error < 0.02 if key == ("array split", "shuffled") else abs(error - truth) < 0.01, key
PY
echo "as claimed"
