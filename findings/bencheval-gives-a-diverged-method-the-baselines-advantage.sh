#!/usr/bin/env bash
# Claim: on the leaderboards of bencheval, which TabArena uses, a method whose error is infinite has the advantage over
#   the baseline that the baseline itself has, 0, and a frontier advantage of 0, more than most: infinity over infinity
#   is not a number, and that is filled with 0. A method 5 % worse than the baseline has less. One that diverges on two
#   of six data sets comes out ahead of the baseline, where an error of 1e30 instead costs it a third. The rescaled
#   loss of a data set is 0, the best, for all methods as soon as one of them diverges there. Ranks, win rates and
#   improvability of the same table take infinity for the worst.
# Guess before: infinite errors are allowed and rank last, so bounded scores from -1 to 1 give them -1.
# Versions: bencheval==0.1.0 (pandas==3.1.1, scipy==1.17.1, numpy==2.3.5).
# Seen: errors 0.19, 0.20 (the baseline), 0.21, infinite, and 0.19 with two infinite of six: advantages over that
#   0.05, 0, -0.048, 0, 0.033; frontier advantages 0.017, -0.05, -0.095, 0, 0; mean ranks 1.3, 2.7, 3.7, 4.8, 2.5;
#   rescaled losses all 0. With 1e30 for infinite: advantages -1 and -0.3.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet bencheval==0.1.0 pandas==3.1.1 scipy==1.17.1 numpy==2.3.5
OMP_NUM_THREADS=1 MPLBACKEND=agg MPLCONFIGDIR="$folder/mpl" "$folder/env/bin/python" -W ignore - <<'PY'
import math

import pandas as pd
from bencheval.evaluator import BenchmarkEvaluator

COLUMNS = ["rank", "winrate", "improvability", "baseline_advantage", "frontier_advantage", "loss_rescaled"]


def leaderboard(diverged):
    errors = {
        "better": [0.19] * 6,
        "baseline": [0.20] * 6,
        "worse": [0.21] * 6,
        "never learns": [diverged] * 6,
        "learns on four": [0.19] * 4 + [diverged] * 2,
    }
    results = [
        {"method": method, "task": f"task {task}", "metric_error": error}
        for method, values in errors.items()
        for task, error in enumerate(values)
    ]
    return BenchmarkEvaluator(columns_to_agg_extra=None).leaderboard(
        pd.DataFrame(results), baseline_method="baseline", include_elo=False, include_rescaled_loss=True,
        include_baseline_advantage=True, include_frontier_advantage=True,
    )[COLUMNS]


infinite, large = leaderboard(math.inf), leaderboard(1e30)
with pd.option_context("display.width", 200, "display.max_columns", None):
    print("infinite errors", infinite.round(3), "1e30 instead", large.round(3), sep="\n")
assert infinite["rank"].idxmax() == "never learns" and infinite.loc["never learns", "improvability"] == 1
advantage, frontier = infinite["baseline_advantage"], infinite["frontier_advantage"]
assert advantage["never learns"] == advantage["baseline"] == 0 > advantage["worse"]
assert 0 < advantage["learns on four"] < advantage["better"]
assert frontier["never learns"] == 0 > frontier["baseline"]
assert (infinite["loss_rescaled"] == 0).all()
assert math.isclose(large.loc["never learns", "baseline_advantage"], -1)
assert math.isclose(large.loc["learns on four", "baseline_advantage"], (4 * 0.05 - 2) / 6)
assert math.isclose(large.loc["never learns", "frontier_advantage"], -1)
assert large.loc["never learns", "loss_rescaled"] > 0.6
PY
echo "as claimed"
