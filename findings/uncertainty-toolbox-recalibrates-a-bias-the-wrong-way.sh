#!/usr/bin/env bash
# Claim: uncertainty-toolbox measures quantiles (prop_type="quantile") with the residual prediction - truth where the
#   share of truths below a quantile needs truth - prediction. What it reports for the quantile q is the share above the
#   quantile 1 - q. Where errors are symmetric the two agree; of a network that predicts too high it says that too few
#   truths lie below. The recalibration that its documentation shows (iso_recal of these proportions, then get_quantile
#   or get_prediction_interval) moves the quantiles the wrong way: a bias is about doubled, intervals lose coverage. Its
#   own calibration error, measured with the same sign, then says "calibrated".
# Guess before: a recalibrated median has half of the truths below it; where the error of a package is near zero, the
#   coverage counted by hand is right.
# Versions: uncertainty-toolbox==0.1.1 (scipy==1.17.1, scikit-learn==1.9.1, numpy==2.3.5).
# Seen: share of new truths below the median, as predicted, recalibrated, recalibrated by hand: bias 0: 0.502, 0.498,
#   0.504; half a standard deviation too high 0.694, 0.840, 0.504; one 0.840, 0.975, 0.504; one too low 0.167, 0.024,
#   0.504, where recalibrated intervals at 90 % contain 40 %. Its error 0.257 becomes 0.004 for the bias of one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet uncertainty-toolbox==0.1.1 numpy==2.3.5 scipy==1.17.1 scikit-learn==1.9.1
MPLBACKEND=agg MPLCONFIGDIR="$folder/mpl" OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression
from uncertainty_toolbox.metrics_calibration import (
    get_prediction_interval,
    get_proportion_lists_vectorized,
    get_quantile,
    mean_absolute_calibration_error,
)
from uncertainty_toolbox.recalibration import iso_recal

random = np.random.default_rng(0)
mean = random.normal(size=20_000)
truth = mean + random.normal(size=20_000)
fit, test = slice(0, 10_000), slice(10_000, None)
spread = np.ones(10_000)
below = {}
for bias in (0.0, 0.5, 1.0, -1.0):
    predicted = mean + bias
    said, seen = get_proportion_lists_vectorized(predicted[fit], spread, truth[fit], prop_type="quantile")
    counted = np.array([(truth[fit] < predicted[fit] + z).mean() for z in norm.ppf(said)])
    assert np.allclose(seen, 1 - counted[::-1], atol=1e-9)  # the share above the quantile 1 - q
    model = iso_recal(said, seen)
    other = IsotonicRegression(out_of_bounds="clip").fit(counted, said)  # the same of what was counted
    shares = [float((truth[test] < value).mean()) for value in (
        predicted[test],
        get_quantile(predicted[test], spread, 0.5, recal_model=model),
        get_quantile(predicted[test], spread, 0.5, recal_model=other),
    )]
    interval = get_prediction_interval(predicted[test], spread, 0.9, recal_model=model)
    coverage = float(((interval.lower < truth[test]) & (truth[test] < interval.upper)).mean())
    error = [mean_absolute_calibration_error(predicted[test], spread, truth[test], prop_type="quantile",
                                             vectorized=True, recal_model=one) for one in (None, model)]
    print(f"bias {bias}: below the median {shares[0]:.3f}, recalibrated {shares[1]:.3f}, by hand {shares[2]:.3f};",
          f"its error {error[0]:.3f}, recalibrated {error[1]:.3f}; interval at 90 %, recalibrated: {coverage:.3f}")
    below[bias] = shares
    assert error[1] < 0.015 and abs(shares[2] - 0.5) < 0.02

assert below[0.5][1] > below[0.5][0] + 0.1 and below[1.0][1] > 0.95 > below[1.0][0]
assert below[-1.0][1] < 0.05 < below[-1.0][0] and abs(below[0.0][1] - 0.5) < 0.03
assert coverage < 0.6
PY
echo "as claimed"
