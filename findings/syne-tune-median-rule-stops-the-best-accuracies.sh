#!/usr/bin/env bash
# Claim: MedianStoppingRule of Syne Tune, put around a search that maximizes, minimizes: "the mode of the wrapped
#   scheduler is used", says its documentation, but the mode is an argument of its own, do_minimize, which is True. Of
#   trainings that report an accuracy the worse half runs to its last epoch, and each that is above the median so far
#   ends after the first one. metric_mode() of the pair is "min" as well, which is what the tuner asks to name the best
#   trial. (The metric's name, the other thing that could be given twice, is taken from the wrapped scheduler.)
# Guess before: the rule stops what is worse than the median by the mode of the search it is put around.
# Versions: syne-tune==0.16.0 (numpy==2.3.5, pandas==3.0.6, scikit-learn==1.9.1, xgboost==3.2.0).
# Seen: accuracies 0.1, 0.2, ..., 0.9, one training after the other, ten epochs: 0.1 to 0.4 run ten epochs, 0.5 to 0.9
#   one. With do_minimize=False also given to the rule: all run ten, for each is the best so far. As losses
#   (1 - accuracy) of a search that minimizes: all run ten.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet syne-tune==0.16.0 numpy==2.3.5 pandas==3.0.6 scikit-learn==1.9.1 xgboost==3.2.0
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import datetime
import logging

from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import uniform
from syne_tune.optimizer.baselines import RandomSearch
from syne_tune.optimizer.schedulers.median_stopping_rule import MedianStoppingRule

logging.disable(logging.CRITICAL)
ACCURACIES = [number / 10 for number in range(1, 10)]


def epochs(scores, minimize, **options):
    """Return how many of ten epochs each training runs, and the mode that the rule says."""
    search = RandomSearch({"rate": uniform(0, 1)}, metrics=["score"], do_minimize=minimize, random_seed=0)
    rule = MedianStoppingRule(search, time_attr="epoch", metric="score", **options)
    run = []
    for number, score in enumerate(scores):
        trial = Trial(number, {"rate": 0.5}, datetime.datetime(2020, 1, 1))
        for epoch in range(1, 11):
            if rule.on_trial_result(trial, {"score": score, "epoch": epoch}) == "STOP":
                break
        run.append(epoch)
    return run, rule.metric_mode(), search.metric_mode()


assert "mode of the wrapped scheduler is used" in " ".join(MedianStoppingRule.__doc__.split())
accuracy = epochs(ACCURACIES, minimize=False)
told_twice = epochs(ACCURACIES, minimize=False, do_minimize=False)
loss = epochs([1 - accuracy for accuracy in ACCURACIES], minimize=True)
print("accuracy", accuracy, "told twice", told_twice, "loss", loss)
assert accuracy == ([10] * 4 + [1] * 5, "min", "max"), accuracy
assert told_twice == ([10] * 9, "max", "max"), told_twice
assert loss == ([10] * 9, "min", "min"), loss
PY
echo "as claimed"
