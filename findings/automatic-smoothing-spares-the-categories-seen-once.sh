#!/usr/bin/env bash
# Claim: three encoders of categories by the mean of their targets that smooth as the data say, TargetEncoder of
#   scikit-learn (smooth="auto", its default), MeanEncoder of feature-engine (smoothing="auto") and JamesSteinEncoder of
#   category-encoders, do not smooth where one would need it most. They weigh by the spread of targets within a
#   category; one example has none, nor have two or three equal ones, so such a category is certain: it gets its own
#   target, 0 or 1. Where most categories are rare, the encoding of new rows is far worse than no encoding at all.
#   The default of category-encoders' TargetEncoder and a fixed smoothing of 10 do what one expects.
# Guess before: an automatic smoothing pulls a category that was seen once nearly all the way to the mean of all.
# Versions: scikit-learn==1.9.1, feature-engine==1.9.4, category-encoders==2.11.2 (pandas==3.1.1, numpy==2.3.5).
# Seen: 2,000 categories with one to three rows each, targets that have nothing to do with them, 30 % ones. 63 % of the
#   categories are encoded as 0 or 1, all that were seen once. Squared error of the encoding on new rows 0.33 with each
#   of the three, 0.21 with the mean of all targets, a fixed smoothing or the default of category-encoders.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scikit-learn==1.9.1 feature-engine==1.9.4 category-encoders==2.11.2 \
  pandas==3.1.1 numpy==2.3.5
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import category_encoders
import numpy as np
import pandas as pd
from feature_engine.encoding import MeanEncoder
from sklearn.preprocessing import TargetEncoder

CATEGORIES, RATE = 2_000, 0.3
random = np.random.default_rng(0)
seen = random.integers(1, 4, size=CATEGORIES)
rows = pd.DataFrame({"category": np.repeat(np.arange(CATEGORIES), seen).astype(str)})
targets = pd.Series((random.random(len(rows)) < RATE).astype(int))
new_rows = pd.DataFrame({"category": np.arange(CATEGORIES).astype(str)})  # one of each category
new_targets = (random.random(CATEGORIES) < RATE).astype(int)
AUTOMATIC = {
    "scikit-learn, auto": TargetEncoder(target_type="binary", random_state=0),
    "feature-engine, auto": MeanEncoder(smoothing="auto"),
    "category-encoders, James-Stein": category_encoders.JamesSteinEncoder(),
}
OTHERS = {
    "scikit-learn, 10": TargetEncoder(smooth=10, target_type="binary", random_state=0),
    "feature-engine, 10": MeanEncoder(smoothing=10),
    "category-encoders, default": category_encoders.TargetEncoder(),
}
assert AUTOMATIC["scikit-learn, auto"].smooth == "auto"
without = np.mean((new_targets - targets.mean()) ** 2)
print(f"the mean of all targets: squared error on new rows {without:.3f}")
for name, encoder in (AUTOMATIC | OTHERS).items():
    encoded = np.asarray(encoder.fit(rows, targets).transform(new_rows), dtype=float).ravel()
    error, certain = np.mean((new_targets - encoded) ** 2), (encoded == 0) | (encoded == 1)
    once = certain[seen == 1]
    print(f"{name}: {error:.3f}, certain {certain.mean():.0%} of all, {once.mean():.0%} of those seen once")
    if name in AUTOMATIC:
        assert once.all() and certain.mean() > 0.6 and error > 1.5 * without
    else:
        assert not certain.any() and error < 1.03 * without
PY
echo "as claimed"
