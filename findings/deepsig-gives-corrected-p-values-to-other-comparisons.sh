#!/usr/bin/env bash
# Claim: deepsig's bonferroni_correction hands the corrected p-values back in another order than it got them, so that a
#   comparison gets the p-value of another. It sorts, corrects, and "unsorts" by the permutation that sorted instead of
#   by its inverse. The two are the same for sorted input (its tests have no other), for reversed input and for a swap
#   of two, and differ for other orders of three and more. (What it computes is Holm's correction, as its author has
#   said.)
# Guess before: the i-th corrected p-value belongs to the i-th p-value, and none is below the one it corrects.
# Versions: deepsig==1.2.8, statsmodels==0.15.0.
# Seen: p-values 0.5, 0.001, 0.04 become 0.08, 0.5, 0.003: the comparison that is significant at 0.001 is none any
#   more, and the third is, at a tenth of its uncorrected p-value; statsmodels' Holm: 0.5, 0.003, 0.08. Of the six
#   orders of three p-values two are wrong, of the 720 of six p-values 644.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet deepsig==1.2.8 statsmodels==0.15.0 numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
from itertools import permutations

import numpy as np
from deepsig import bonferroni_correction
from statsmodels.stats.multitest import multipletests


def both(p):
    return bonferroni_correction(np.array(p)), multipletests(p, method="holm")[1]


p = [0.5, 0.001, 0.04]
package, holm = both(p)
print("p-values", p, "deepsig", package.round(4).tolist(), "Holm by statsmodels", holm.round(4).tolist())
assert np.allclose(package, [0.08, 0.5, 0.003]) and np.allclose(holm, [0.5, 0.003, 0.08])
assert np.allclose(sorted(package), sorted(holm))  # the numbers are right, their places are not
assert package[2] < p[2]  # a correction that makes a p-value smaller

for values in ((0.001, 0.04, 0.5), (0.001, 0.004, 0.008, 0.02, 0.04, 0.5)):
    orders = list(permutations(values))
    wrong = sum(not np.allclose(*both(order)) for order in orders)
    print(f"{len(values)} p-values: {wrong} of {len(orders)} orders wrong")
    assert wrong > len(orders) / 4
    assert np.allclose(*both(sorted(values))) and np.allclose(*both(sorted(values, reverse=True)))
PY
echo "as claimed"
