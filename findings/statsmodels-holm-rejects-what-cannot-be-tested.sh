#!/usr/bin/env bash
# Claim: statsmodels' multipletests says "reject" of a comparison whose p-value is nan, by Holm's method and
#   Holm-Sidak, where all the others are significant: nan sorts last and is not above its threshold. The paired t-test
#   of two models with equal scores gives nan, so that two models that agree on every data set are reported to differ.
#   With hommel the same nan takes the significance of all others away, and with fdr_bh their corrected p-values are
#   nan while they are rejected. pingouin's multicomp rejects the others and not the nan, by all of its methods;
#   scipy's false_discovery_control raises an error.
# Guess before: nan is not rejected, and the decision on the others does not depend on it but for their number,
#   whatever the method.
# Versions: statsmodels==0.15.0, pingouin==0.7.0, scipy==1.17.1. (Issue 2899 is on the corrected p-values of fdr_bh.)
# Seen: three models, A and B with the same scores, C lower, paired t-tests A-B, A-C, B-C: p-values nan, 0.00012,
#   0.00012; reject: holm and holm-sidak True True True, bonferroni False True True, hommel False False False; fdr_bh
#   False True True, corrected nan nan nan.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet statsmodels==0.15.0 pingouin==0.7.0 scipy==1.17.1 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
from itertools import combinations

import numpy as np
import pingouin
from scipy.stats import false_discovery_control, ttest_rel
from statsmodels.stats.multitest import multipletests

a = np.array([0.91, 0.83, 0.77, 0.95, 0.88, 0.69, 0.90, 0.81])
scores = {"A": a, "B": a.copy(), "C": a - np.array([0.02, 0.03, 0.01, 0.02, 0.04, 0.03, 0.02, 0.03])}
pairs = list(combinations(scores, 2))
p = np.array([ttest_rel(scores[one], scores[other]).pvalue for one, other in pairs])
print("pairs:", pairs, "p-values:", p)
assert np.isnan(p[0]) and (p[1:] < 0.001).all()

rejected, corrected = {}, {}
for method in ("holm", "holm-sidak", "bonferroni", "hommel", "fdr_bh"):
    rejected[method], corrected[method], *_ = multipletests(p, method=method)
    print(f"{method}: reject {rejected[method].tolist()}, corrected {corrected[method]}")
assert rejected["holm"].all() and rejected["holm-sidak"].all() and np.isnan(corrected["holm"][0])
assert rejected["bonferroni"].tolist() == rejected["fdr_bh"].tolist() == [False, True, True]
assert not rejected["hommel"].any() and np.isnan(corrected["fdr_bh"]).all()

for method in ("holm", "bonf", "fdr_bh"):
    reject, values = pingouin.multicomp(p, method=method)
    print(f"pingouin {method}: reject {reject.tolist()}, corrected {values}")
    assert reject.tolist() == [False, True, True] and np.isfinite(values[1:]).all()
try:
    false_discovery_control(p)
except ValueError as error:
    print("scipy:", error)
else:
    raise AssertionError("scipy raises no error")
PY
echo "as claimed"
