#!/usr/bin/env bash
# Claim: baycomp's Bayesian signed-rank test (two_on_multiple) without a region of practical equivalence, its default,
#   takes ties for no evidence of equality: of two models that are equal on 19 data sets, the one that wins on the 20th
#   is better with probability 1.0, however little it wins by. In each draw of weights ties count half to either side,
#   and the side with any surplus gets the draw as a whole. Where all scores are equal, rounding decides, here with
#   0.70 for the model that is named first. Its sign test is nan for both. The tests of Wilcoxon and of signs have p =
#   1 for the same scores. A rope of a millionth, far below the win, turns 1.0 into 0.001.
# Guess before: one win and 19 ties give a probability near that of no data, equal scores exactly one half, and a rope
#   a ten-thousandth of the only difference changes little.
# Versions: baycomp==1.0.3, scipy==1.17.1, numpy==2.3.5.
# Seen: (first better, equal, second better): one win of 0.01 and 19 ties (1.0, 0.0) without a rope, (0.001, 0.999,
#   0.0) with 1e-6; equal scores (0.701, 0.299), in both orders; sign test (nan, nan); Wilcoxon p 1.0, binomial p 1.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet baycomp==1.0.3 scipy==1.17.1 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
from baycomp import SignedRankTest, SignTest, two_on_multiple
from scipy.stats import binomtest, wilcoxon


def signed_rank(better, worse, **options):
    result = np.array(SignedRankTest.probs(better, worse, random_state=0, **options))
    print("  first better, (equal,) second better:", result.round(3).tolist(), options or "")
    return result


equal = np.full(20, 0.9)
won = equal.copy()
won[0] += 0.01

print("one win of 0.01 and 19 ties")
assert signed_rank(won, equal)[0] == 1.0 and signed_rank(equal, won)[-1] == 1.0
np.testing.assert_allclose(two_on_multiple(won, equal, random_state=0)[0], 1.0)  # the function that is documented
with_rope = signed_rank(won, equal, rope=1e-6)
assert with_rope[0] < 0.01 and with_rope[1] > 0.99
p, binomial = wilcoxon(won, equal, method="exact").pvalue, binomtest(1, 1).pvalue
print(f"  Wilcoxon p {p}, binomial p {binomial}")
assert p == binomial == 1.0

print("equal scores, and the same with the names exchanged")
signed_rank(equal, equal.copy()), signed_rank(equal.copy(), equal)
signs = np.array(SignTest.probs(won, equal, random_state=0))
print("  sign test of one win and 19 ties:", signs.tolist())
assert np.isnan(signs).all()
PY
echo "as claimed"
