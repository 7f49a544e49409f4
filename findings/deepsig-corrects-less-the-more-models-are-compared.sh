#!/usr/bin/env bash
# Claim: deepsig's Almost Stochastic Order corrects less for multiple comparisons the more of them there are. Its
#   Bonferroni correction adds (1 - level) / n to the confidence level where it should be 1 - (1 - level) / n: 0.975
#   for two comparisons, as it should be, but 0.955 for ten (0.995 were right), and that of no correction for very
#   many. With two models multi_aso, which corrects by default, comes to level 1.0 for its one comparison: neither
#   model is then better (bounds 1 and 1, or nan where the scores do not overlap), whatever the scores.
# Guess before: the bound of the violation ratio, below which A is called better, gets stricter with num_comparisons,
#   and multi_aso of two models gives what aso gives, for there is nothing to correct.
# Versions: deepsig==1.2.8.
# Seen: bound of one pair of ten scores with num_comparisons 1, 2, 10, 45, 1000: 0.057, 0.068, 0.059, 0.057, 0.057;
#   with the level set by hand: 0.057, 0.068, 0.089, 0.106, 0.134. Two models: aso 0.057, multi_aso 1.0 in both
#   directions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet deepsig==1.2.8 numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
from deepsig import aso, multi_aso

random = np.random.default_rng(0)
better, worse = random.normal(0.6, 1, 10), random.normal(0, 1, 10)
options = {"seed": 1, "show_progress": False}


def bound(**more):
    return float(aso(better, worse, **options, **more))


numbers = (1, 2, 10, 45, 1_000)
package = [bound(num_comparisons=number) for number in numbers]
by_hand = [bound(confidence_level=1 - 0.05 / number) for number in numbers]
print("comparisons:", numbers)
print("num_comparisons:  ", [round(value, 3) for value in package])
print("confidence_level: ", [round(value, 3) for value in by_hand])
assert np.isclose(package[:2], by_hand[:2]).all()
assert by_hand == sorted(by_hand) and package[1:] == sorted(package[1:], reverse=True)
assert np.isclose(package[-1], package[0], rtol=1e-3) and by_hand[-1] > 2 * by_hand[0]

both = multi_aso({"better": better, "worse": worse}, **options)
uncorrected = multi_aso({"better": better, "worse": worse}, use_bonferroni=False, **options)
print("multi_aso of two models:", both.tolist(), "without correction:", uncorrected.round(3).tolist())
assert (both == 1).all() and uncorrected[0, 1] < 0.1 and np.isclose(uncorrected[0, 1], bound())
apart = multi_aso({"better": better + 100, "worse": worse}, **options)
print("100 apart:", apart.tolist())
assert np.isnan(apart[0, 1])
PY
echo "as claimed"
