#!/usr/bin/env bash
# Claim: scikit-learn's StandardScaler takes a column for a constant where its deviation is below rows * mean * 2^-52,
#   also where its numbers and their differences are exact in float64, and then leaves it unscaled (scale_ 1.0) without
#   a warning: whether identifiers around 1e15 are scaled depends on the number of rows. RobustScaler scales them.
# Guess before: a column is a constant where its numbers are equal, or where rounding makes up their differences.
# Versions: scikit-learn==1.9.1, numpy==2.4.6, scipy==1.17.1.
# Seen: 1e15 + (0 ... 999), deviation 289: scale_ 288.67 of 1,000 rows, 1.0 of 10,000 (transformed: -499.5 ... 499.5);
#   1.7e9 + (0 ... 999) / 2^20, deviation 0.00028: 1.0 of 1,000 rows. Shifted by their median: as it should be.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
cd "$folder"
env/bin/python - <<'PY'
import warnings

import numpy as np
import sklearn
from sklearn.preprocessing import RobustScaler, StandardScaler

warnings.simplefilter("error")
print(sklearn.__version__, np.__version__)


def scale(numbers):
    scaler = StandardScaler().fit(numbers)
    spread = np.ptp(scaler.transform(numbers))
    print(f"{len(numbers):,} rows from {numbers.min():.17g}: scale_ {scaler.scale_[0]:.5g}, range {spread:.5g}")
    return scaler.scale_[0], spread


near = np.arange(1000.0)[:, None]
for whole in (1e15 + near, 1.7e9 + near / 2**20):
    assert len(np.unique(whole)) == 1000  # not a digit is lost
    assert np.ptp(whole) == (999 if whole[0] > 1e12 else 999 / 2**20)
expected = near.std()
few, _ = scale(1e15 + near)
many, unscaled = scale(np.tile(1e15 + near, (10, 1)))
seconds, _ = scale(1.7e9 + near / 2**20)
shifted, _ = scale(np.tile(1e15 + near, (10, 1)) - np.median(1e15 + near))
robust = RobustScaler().fit(np.tile(1e15 + near, (10, 1))).scale_[0]
assert abs(few - expected) < 1e-2 and abs(shifted - expected) < 1e-9 and 499 < robust < 501
assert many == 1.0 and unscaled == 999.0 and seconds == 1.0
PY
echo "as claimed"
