#!/usr/bin/env bash
# Claim: ExperimentPlateauStopper of Ray Tune, which ends a whole search once "a metric plateaued across trials",
#   keeps the ten best reports, not the ten best trials. A trial reports after every epoch, so ten epochs in which one
#   trial stands still are the "top" ten, and the search is over, with all trials that have not begun. One NaN in its
#   first ten reports, on the other hand, and it never ends one: NaN stays among the sorted ones and their deviation
#   is NaN.
# Guess before: top is "the number of best models to consider", one value a trial, and NaN is not among the best.
# Versions: ray==2.60.0, numpy==2.3.5.
# Seen: one trial that reports 0.9 and then 0.5 ten times: stopped, and no other trial has reported. Twenty trials
#   that report 0.5 once each: stopped after ten. Same with NaN in the first report: not stopped after 1,000.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet "ray[tune]==2.60.0" numpy==2.3.5
cd "$folder"
env/bin/python -W ignore - <<'PY'
import math

from ray.tune.stopper import ExperimentPlateauStopper


def reports_until_the_end(reports):
    """Return after how many reports the search is stopped, or None."""
    stopper = ExperimentPlateauStopper(metric="loss", top=10, mode="min")
    for number, (trial, loss) in enumerate(reports, start=1):
        if stopper(trial, {"loss": loss}):
            assert stopper.stop_all()
            return number
    return None


one_trial = [("first", 0.9), *[("first", 0.5)] * 50]
many_trials = [(f"trial {number}", 0.5) for number in range(20)]
with_nan = [("first", math.nan), *[(f"trial {number}", 0.5) for number in range(999)]]
found = {
    "one trial stands still": reports_until_the_end(one_trial),
    "many trials": reports_until_the_end(many_trials),
    "one NaN at first": reports_until_the_end(with_nan),
}
print("reports until the search is stopped:", found)
assert found == {"one trial stands still": 11, "many trials": 10, "one NaN at first": None}, found
PY
echo "as claimed"
