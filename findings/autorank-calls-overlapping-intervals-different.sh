#!/usr/bin/env bash
# Claim: autorank's report of more than two models by Tukey's test says "populations are significantly different if
#   their confidence intervals are not overlapping", and then calls models different whose intervals, which it prints,
#   overlap: it compares the difference of two means with the half width of one interval, where intervals of equal
#   width stop overlapping at two of them. The critical difference is half of that of Tukey's test; statsmodels' test,
#   which autorank calls for the intervals, does not reject what the report says is significant.
# Guess before: the sentence on significant differences follows from the intervals in the sentence before, and agrees
#   with statsmodels' Tukey test of the same numbers.
# Versions: autorank==1.3.0, statsmodels==0.15.0, pandas==3.1.1.
# Seen: 20 data sets, means 0.822, 0.841, 0.844, each +- 0.017: the report calls A and C, and B and C different; the
#   intervals overlap, and statsmodels' p-values are 0.38 and 0.29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet autorank==1.3.0 statsmodels==0.15.0 pandas==3.1.1 numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 MPLBACKEND=agg "$folder/env/bin/python" -W ignore - <<'PY'
import contextlib
import io

import numpy as np
import pandas as pd
from autorank import autorank, create_report
from statsmodels.stats.multicomp import pairwise_tukeyhsd

random = np.random.default_rng(0)
common = random.normal(0.85, 0.05, 20)
shifts = {"A": 0.0, "B": 0.001, "C": -0.02}
scores = pd.DataFrame({name: common + shift + random.normal(0, 0.005, 20) for name, shift in shifts.items()})

result = autorank(scores, alpha=0.05, verbose=False)
report = io.StringIO()
with contextlib.redirect_stdout(report):
    create_report(result)
sentences = report.getvalue().split(". ")
rule = next(sentence for sentence in sentences if "not overlapping" in sentence)
verdict = report.getvalue().strip().split("\n")[-1]
print(result.omnibus, result.posthoc)
print(rule.strip())
print(verdict)
assert result.posthoc == "tukeyhsd" and result.pvalue < 0.05
assert "Populations are significantly different if their confidence intervals are not overlapping" in rule
assert "groups: A and B. All other differences are significant" in verdict

table = result.rankdf
tukey = pairwise_tukeyhsd(scores.melt()["value"], scores.melt()["variable"], alpha=0.05)
p = dict(zip(("A-B", "A-C", "B-C"), tukey.pvalues, strict=True))
print(table[["mean", "ci_lower", "ci_upper"]].round(4).to_string())
print("statsmodels' Tukey test:", {pair: round(float(value), 3) for pair, value in p.items()})
for name in ("A", "B"):
    assert table.loc[name, "ci_lower"] < table.loc["C", "ci_upper"]  # the intervals overlap
    half = (table.loc[name, "ci_upper"] - table.loc[name, "ci_lower"]) / 2
    assert half < table.loc[name, "mean"] - table.loc["C", "mean"] < 2 * half
assert min(p.values()) > 0.05 and not tukey.reject.any()
PY
echo "as claimed"
