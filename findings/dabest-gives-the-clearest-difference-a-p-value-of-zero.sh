#!/usr/bin/env bash
# Claim: the permutation test of dabest counts the permutations whose difference is larger than the observed one, and
#   not those that are as large, of which the observed one is itself one. So the p-value of three seeds against three,
#   all better, is 0, where the least one of 20 splits can have is 0.1; with five paired seeds it is 0 in place of
#   2/32 = 0.0625. One of ten comparisons of two equal networks by three seeds each gets p = 0.
# Guess before: the p-value is the share of permutations at least as extreme as what was seen, never 0; small samples
#   cannot be significant.
# Versions: dabest==2025.10.20, scipy==1.15.3, pandas==2.2.3, numpy==2.1.3.
# Seen: all 20 splits of six accuracies into three and three, p of dabest and of scipy's permutation_test: 0.0 and 0.1
#   for the two extreme ones, below 0.05 2 and 0 of 20. Five pairs, each better: 0.0 and 0.0625.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet dabest==2025.10.20 scipy==1.15.3 pandas==2.2.3 numpy==2.1.3
cd "$folder"
MPLBACKEND=Agg MPLCONFIGDIR="$folder" NUMBA_CACHE_DIR="$folder" env/bin/python -W ignore - 2> "$folder/progress" <<'PY'
from itertools import combinations

import dabest
import numpy as np
import pandas as pd
from scipy.stats import permutation_test

ACCURACIES = np.array([901, 905, 912, 918, 927, 940]) / 1024  # sums and differences of these are exact


def by_dabest(first, second, paired=None):
    table = pd.DataFrame({"seed": range(len(first)), "first": first, "second": second})
    options = {"paired": paired, "id_col": "seed"} if paired else {}
    loaded = dabest.load(table, idx=("first", "second"), resamples=100, **options)
    return float(loaded.mean_diff.results["pvalue_permutation"].iloc[0])


def by_scipy(first, second, kind):
    def difference(a, b):
        return np.mean(b) - np.mean(a)

    return float(permutation_test((first, second), difference, permutation_type=kind).pvalue)


splits = []
for chosen in combinations(range(6), 3):
    first, second = ACCURACIES[list(chosen)], np.delete(ACCURACIES, chosen)
    splits.append((by_dabest(first, second), by_scipy(first, second, "independent")))
extreme = splits[0], splits[-1]
significant = [sum(p < 0.05 for p in tested) for tested in zip(*splits, strict=True)]
print("least three against most three, and the reverse:", extreme, "splits of 20 with p < 0.05:", significant)
assert all(found == 0 and np.isclose(exact, 0.1) for found, exact in extreme), extreme
assert significant == [2, 0], significant

first = ACCURACIES[:5]
second = first + np.array([1, 2, 4, 8, 16]) / 1024
pairs = by_dabest(first, second, "baseline"), by_scipy(first, second, "samples")
print("five pairs, all better:", pairs)
assert pairs[0] == 0 and np.isclose(pairs[1], 2 / 32), pairs
PY
echo "as claimed"
