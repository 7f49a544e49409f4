#!/usr/bin/env bash
# Claim: Repeater of Ray Tune, which tries every configuration with several seeds so that the search learns from their
#   mean, takes numpy's nanmean: seeds whose loss is NaN, and seeds whose trial failed or reported nothing, are left
#   out without a word. A configuration that diverges with three seeds of four is handed to the search with the loss
#   of the lucky one, as a success, and is the best of all if that is the best; the more often it diverges, the more
#   it is chosen by luck.
# Guess before: a mean over seeds of which one is NaN is NaN, or the search is told that the configuration failed.
# Versions: ray==2.60.0, numpy==2.3.5.
# Seen: four seeds each: 0.5 always gives 0.5; three NaN and one 0.4 give 0.4; three failed trials and one 0.4 give
#   0.4 and error False. Only where all four failed is it NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet "ray[tune]==2.60.0" numpy==2.3.5
cd "$folder"
env/bin/python -W ignore - <<'PY'
import math

from ray.tune.search import Repeater, Searcher

SEEDS = {
    "sound": [0.5, 0.5, 0.5, 0.5],
    "diverged": [math.nan, math.nan, math.nan, 0.4],
    "failed": [None, None, None, 0.4],
    "all failed": [None, None, None, None],
}  # losses of the four seeds of each configuration; None is a trial that ended with an error


class Listener(Searcher):
    """A search that notes what it is told."""

    def __init__(self):
        super().__init__(metric="loss", mode="min")
        self.told = {}

    def suggest(self, trial_id):
        return {"configuration": trial_id}

    def on_trial_complete(self, trial_id, result=None, error=False):
        self.told[trial_id] = (round(float(result["loss"]), 3), error)


listener = Listener()
repeater = Repeater(listener, repeat=4)
for name, losses in SEEDS.items():
    trials = [name if number == 0 else f"{name} {number}" for number in range(4)]
    for trial in trials:
        repeater.suggest(trial)
    for trial, loss in zip(trials, losses, strict=True):
        if loss is None:
            repeater.on_trial_complete(trial, error=True)
        else:
            repeater.on_trial_complete(trial, {"loss": loss})
print("what the search is told (loss, error):", listener.told)
assert listener.told["sound"] == (0.5, False)
assert listener.told["diverged"] == listener.told["failed"] == (0.4, False), listener.told
assert math.isnan(listener.told["all failed"][0]), listener.told
PY
echo "as claimed"
