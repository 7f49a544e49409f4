#!/usr/bin/env bash
# Claim: three of the post-hoc corrections of statds make a difference easier to find instead of harder, and the more
#   models are compared, the easier. The column "Results" compares the p-value with an "Adjusted alpha", which is
#   1 - (1 - alpha)^(m - i) in holland and 1 - (1 - alpha)^(m / i) in finner, where Holland and Finner have the inverse
#   of the exponent: of m = 45 comparisons the first is "Reject H0" up to a p-value of 0.9. shaffer leaves alpha alone:
#   its Results are those of no correction at all. The column "Adjusted p-value" beside it contradicts, and it cannot be
#   relied on either: where a corrected p-value is raised to that of a smaller one, holm, holland and finner sort it by
#   the other comparison's place, so rows trade their values, and some are below the p-values that they correct.
# Guess before: one row says one thing (Results is "Reject H0" where the adjusted p-value is below alpha), and of models
#   that are all equal a corrected test finds a difference in 5 % of the comparisons at most.
# Versions: statds==1.1.7 (numpy==2.3.5, pandas==3.0.6, matplotlib==3.11.2).
# Seen: 60 comparisons of equal models on 20 data sets, share of those with any "Reject H0", 3, 5, 10 models: bonferroni
#   0.05, 0.00, 0.03; holland and finner 0.27, 0.90, 1.00; shaffer and no correction 0.12, 0.17, 0.53. Share with an
#   adjusted p-value below the p-value itself, 10 models: holm 0.27, holland 0.63, finner 0.92.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet statds==1.1.7 numpy==2.3.5 pandas==3.0.6 matplotlib==3.11.2
MPLBACKEND=agg MPLCONFIGDIR="$folder/mpl" "$folder/env/bin/python" -W ignore - <<'PY'
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from statds import no_parametrics

SETS, TIMES, ALPHA = 20, 60, 0.05
NAMES = "bonferroni", "holm", "holland", "finner", "shaffer"
random = np.random.default_rng(0)


def table(name, ranks):
    """Returns of one correction the p-values, what it says of each comparison and the corrected p-values."""
    rows, _ = getattr(no_parametrics, name)(ranks, SETS, alpha=ALPHA)
    plt.close("all")
    p, corrected = rows["p-value"].to_numpy(float), rows["Adjusted p-value"].to_numpy(float)
    return p, (rows["Results"] == "Reject H0").to_numpy(), corrected, rows["Adjusted alpha"].to_numpy(float)


for models in (3, 5, 10):
    rejected = {name: 0 for name in (*NAMES, "none")}
    lowered = {name: 0 for name in NAMES}
    for _ in range(TIMES):
        scores = pd.DataFrame(random.normal(size=(SETS, models)), columns=[f"model {i}" for i in range(models)])
        scores.insert(0, "data set", range(SETS))
        ranks = no_parametrics.friedman(scores)[0]
        for name in NAMES:
            p, reject, corrected, alphas = table(name, ranks)
            rejected[name] += int(reject.any())
            lowered[name] += int((corrected < p - 1e-9).any())
        rejected["none"] += int((p < ALPHA).any())
        assert (reject == (p < ALPHA)).all()  # the last is Shaffer's
    share = {name: round(number / TIMES, 2) for name, number in rejected.items()}
    print(models, "equal models, share with a rejection:", share)
    print("   share with an adjusted p-value below its p-value:", {n: round(k / TIMES, 2) for n, k in lowered.items()})
    assert share["bonferroni"] <= 0.1 and share["holm"] <= 0.1
    assert min(share["holland"], share["finner"]) >= {3: 0.15, 5: 0.7, 10: 0.95}[models]
assert share["shaffer"] == share["none"] > 0.3
assert lowered["bonferroni"] == 0 and min(lowered["holm"], lowered["holland"], lowered["finner"]) > 0

p, reject, corrected, alphas = table("holland", dict(zip("abcdefghij", np.linspace(5, 6, 10), strict=True)))
print(f"holland, ten ranks between 5 and 6: smallest p-value {p.min():.2f}, rejected {reject.sum()} of {len(p)},",
      f"largest adjusted alpha {alphas.max():.2f}")
assert p.min() > 0.25 and reject.sum() > 5 and np.isclose(alphas.max(), 1 - (1 - ALPHA) ** len(p))
PY
echo "as claimed"
