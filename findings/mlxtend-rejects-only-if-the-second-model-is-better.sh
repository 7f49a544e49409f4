#!/usr/bin/env bash
# Claim: mlxtend's proportion_difference returns as p the lower tail of z, which no argument changes and the docstring
#   does not say: two accuracies that are equal have p = 0.5, and where the first model is far better p is next to 1,
#   so that "p < 0.05" never finds it. In the other order the same numbers give half the p-value of a test of a
#   difference. mcnemar of the same package is of both sides.
# Guess before: the p-value of a test that is called after the difference does not depend on which model comes first, is
#   1 for equal proportions, and agrees with statsmodels' test of two proportions but for pooling.
# Versions: mlxtend==0.25.0, statsmodels==0.15.0, pandas==3.1.1, scikit-learn==1.9.1.
# Seen: accuracies 0.9 and 0.8 on 1,000 images each: p = 0.9999999999; in the other order 1.3e-10; statsmodels (not
#   pooled, both sides) 2.5e-10 in either. 0.82 and 0.85: p 0.965 or 0.035; statsmodels 0.070.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet mlxtend==0.25.0 statsmodels==0.15.0 pandas==3.1.1 scikit-learn==1.9.1 \
    numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 MPLBACKEND=agg "$folder/env/bin/python" -W ignore - <<'PY'
import inspect
import math

import numpy as np
from mlxtend.evaluate import mcnemar, proportion_difference
from statsmodels.stats.proportion import test_proportions_2indep

images = 1000
for first, second in ((0.9, 0.8), (0.8, 0.9), (0.85, 0.82), (0.82, 0.85), (0.8, 0.8)):
    z, p = proportion_difference(first, second, images)
    right = [round(images * share) for share in (first, second)]
    both = test_proportions_2indep(right[0], images, right[1], images, method="wald")
    print(f"{first} and {second}: z {z:.3f}, p {p:.10g}; statsmodels, both sides {both.pvalue:.3g}")
    assert math.isclose(z, both.statistic, abs_tol=1e-9)
    assert math.isclose(min(p, 1 - p), both.pvalue / 2, rel_tol=1e-3) and (p > 0.5) == (first > second)

assert "side" not in proportion_difference.__doc__ and "tail" not in proportion_difference.__doc__
assert list(inspect.signature(proportion_difference).parameters) == ["proportion_1", "proportion_2", "n_1", "n_2"]
table = np.array([[750, 150], [50, 50]])  # both right; only the first, 100 more often than only the second; both wrong
(_, one), (_, other) = mcnemar(table), mcnemar(table.T)
print(f"mcnemar of the same package: p {one:.2g} and {other:.2g}")
assert math.isclose(one, other) and one < 1e-6
PY
echo "as claimed"
