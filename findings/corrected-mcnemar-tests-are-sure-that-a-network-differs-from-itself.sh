#!/usr/bin/env bash
# Claim: McNemar's test with the correction for continuity says p = 0 of two networks that answer every example alike.
#   The statistic is (|b - c| - 1)^2 / (b + c); with b = c = 0 that is 1 / 0 = infinity, whose p-value is 0, the surest
#   verdict there is, for the only table in which nothing differs. mlxtend does so by default, and statsmodels with
#   exact=False. Without the correction both give nan; exact tests give 1. Where the disagreements are as many on both
#   sides, the correction, which is to make the test more careful, also lowers the p-value from 1.
# Guess before: networks that agree everywhere get p = 1 or nan from every kind of the test, and the correction for
#   continuity never lowers a p-value.
# Versions: mlxtend==0.25.0, statsmodels==0.15.0 (both warn of a division by zero and answer).
# Seen: b = c = 0: mlxtend inf, p = 0; statsmodels inf, p = 0; uncorrected nan; exact 1. b = c = 5: corrected 0.752,
#   uncorrected and exact 1. b = c = 1: corrected 0.480.
# Why it matters: a network against its pruned, exported or reloaded self, or two that solve a small test set wholly;
#   a table of many pairs then holds its strongest "differences" where there are none, and Holm's correction keeps them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet mlxtend==0.25.0 statsmodels==0.15.0 pandas==3.1.1 numpy==2.3.5 scipy==1.17.1
MPLBACKEND=agg "$folder/env/bin/python" -W ignore - <<'PY'
import math

import numpy as np
from mlxtend.evaluate import mcnemar, mcnemar_table
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels

labels = np.random.default_rng(0).integers(0, 2, 1000)
answers = np.where(np.arange(1000) < 900, labels, 1 - labels)
same = mcnemar_table(labels, answers, answers.copy())
assert same.tolist() == [[900, 0], [0, 100]]


def p_values(table):
    return {
        "mlxtend as it comes": mcnemar(table)[1],
        "mlxtend uncorrected": mcnemar(table, corrected=False)[1],
        "mlxtend exact": mcnemar(table, exact=True)[1],
        "statsmodels corrected": mcnemar_of_statsmodels(table, exact=False).pvalue,
        "statsmodels uncorrected": mcnemar_of_statsmodels(table, exact=False, correction=False).pvalue,
        "statsmodels exact": mcnemar_of_statsmodels(table).pvalue,
    }


for both in (0, 1, 5):
    table = np.array([[900 - both, both], [both, 100 - both]])
    found = p_values(table)
    print(f"{both} disagreements on each side:", {kind: round(float(p), 3) for kind, p in found.items()})
    for tool in ("mlxtend", "statsmodels"):
        corrected = found["mlxtend as it comes" if tool == "mlxtend" else "statsmodels corrected"]
        uncorrected = found[f"{tool} uncorrected"]
        assert found[f"{tool} exact"] == 1
        if both:
            assert uncorrected == 1 and corrected < 0.8
        else:
            assert corrected == 0 and math.isnan(uncorrected)
assert math.isinf(mcnemar(same)[0])
PY
echo "as claimed"
