#!/usr/bin/env bash
# Claim: the "power" that pingouin.ttest(x, y, paired=True) returns ("achieved power of the test") is not that of the
#   test whose t and p stand beside it. It divides the mean difference by the spread of x and y, where the power of a
#   paired test needs the spread of the differences, which pairing makes small: of scores that vary much over seeds or
#   data sets and little between two models it says 6 % where the test finds the difference every time. pingouin's own
#   power_ttest(contrast="paired"), given what the test divides by, says 100 %.
# Guess before: t, p and power in one row are of one test: a p-value of 6e-5 has a power far above a half.
# Versions: pingouin==0.7.0, scipy==1.17.1, statsmodels==0.15.0.
# Seen: ten pairs, 90 +- 5, differences 0.5 +- 0.2: t = 7.1, p = 6e-5, power 0.060; of statsmodels and of power_ttest
#   with the differences' own deviation 1.000. 2,000 repetitions: the test is significant in 100.0 %, "power" is 0.06.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pingouin==0.7.0 scipy==1.17.1 statsmodels==0.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" - <<'PY'
import numpy as np
import pingouin
from scipy.stats import ttest_rel
from statsmodels.stats.power import TTestPower


def scores(random):
    """Returns the accuracies of two models on ten data sets, which differ more than the models do."""
    common = random.normal(90, 5, 10)
    return common + random.normal(0.5, 0.2, 10), common


random = np.random.default_rng(0)
better, worse = scores(random)
row = pingouin.ttest(better, worse, paired=True).iloc[0]
differences = better - worse
effect = differences.mean() / differences.std(ddof=1)
own = pingouin.power_ttest(d=effect, n=10, contrast="paired")
other = TTestPower().power(effect, 10, 0.05)
print(f"ttest: t {row['T']:.2f}, p {row['p_val']:.1e}, power {row['power']:.3f}")
print(f"power of a paired test with this t: power_ttest {own:.3f}, statsmodels {other:.3f}")
assert np.isclose(row["T"], effect * 10**0.5) and row["p_val"] < 1e-3  # t, p and the effect are of one test
assert row["power"] < 0.1 and own > 0.99 and other > 0.99

found = np.mean([ttest_rel(*scores(random)).pvalue < 0.05 for _ in range(2_000)])
said = np.mean([pingouin.ttest(*scores(random), paired=True)["power"].iloc[0] for _ in range(100)])
print(f"significant in {100 * found:.1f} % of 2,000 repetitions; mean power that is reported: {said:.2f}")
assert found > 0.99 and said < 0.1
PY
echo "as claimed"
