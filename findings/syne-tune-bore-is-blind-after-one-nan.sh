#!/usr/bin/env bash
# Claim: one trial whose loss is NaN turns BORE of Syne Tune into a random search for the rest of the study. BORE
#   teaches a classifier which quarter of the trials is the best; the limit of that quarter is numpy's quantile, which
#   is NaN as soon as one loss is. No loss is below it, all trials are "not good", and of candidates that are all
#   equally good the first, random one is tried. There is a message for the case that all trials fall into one class,
#   but it looks for the other class. TPE of the same package sorts, and takes NaN for the worst.
# Guess before: NaN counts as the worst or is left out, or is refused: one diverged training of forty changes little.
# Versions: syne-tune==0.16.0 (numpy==2.3.5, pandas==3.0.6, scikit-learn==1.9.1, xgboost==3.2.0).
# Seen: mean distance of trials 21 to 40 from the best value on [0, 1], four seeds. BORE with 50 candidates: 0.10; with
#   NaN in trial 4 alone 0.29; with 1e9 there instead 0.11; random search 0.29. TPE: 0.13 with all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet syne-tune==0.16.0 numpy==2.3.5 pandas==3.0.6 scikit-learn==1.9.1 xgboost==3.2.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import datetime
import logging

import numpy as np
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import uniform
from syne_tune.optimizer.baselines import BORE, TPE, RandomSearch

logging.disable(logging.CRITICAL)
SPACE, BEST = {"rate": uniform(0, 1)}, 0.3


def late_rates(search, fourth, seed, **options):
    """Return what trials 21 to 40 try; the fourth trial's loss is given if it is not None."""
    np.random.seed(seed)  # the searches draw from numpy's global generator
    scheduler = search(SPACE, random_seed=seed, **options)
    scheduler.searcher.feval_acq = 50  # candidates of BORE, one call of the classifier each; 500 take longer
    tried = []
    for number in range(40):
        rate = scheduler.suggest().config["rate"]
        loss = fourth if number == 3 and fourth is not None else (rate - BEST) ** 2
        trial = Trial(number, {"rate": rate}, datetime.datetime(2020, 1, 1))
        scheduler.on_trial_result(trial, {"loss": loss})
        scheduler.on_trial_complete(trial, {"loss": loss})
        tried.append(rate)
    return tried[20:]


def distance(search, fourth=None, **options):
    late = [late_rates(search, fourth, seed, **options) for seed in range(4)]
    return round(float(np.mean(np.abs(np.array(late) - BEST))), 3)


found = {search.__name__: [distance(search, fourth, metric="loss") for fourth in (None, float("nan"), 1e9)]
         for search in (BORE, TPE)}
blind = distance(RandomSearch, metrics=["loss"])
print("all finite, the fourth NaN, the fourth 1e9:", found, "random search:", blind)
finite, one_nan, one_large = found["BORE"]
assert finite < 0.15 and one_large < 0.15 and one_nan > 0.8 * blind, found
assert max(found["TPE"]) < 0.5 * blind, found
PY
echo "as claimed"
