#!/usr/bin/env bash
# Claim: the Bayesian optimization of KerasTuner reads an infinite loss as 0. A trial whose loss is NaN counts as failed
#   and is left out, one whose loss is infinite counts as completed; before the Gaussian process is fitted "nan, inf in
#   x, y" become 0 ("GPR cannot process nan or inf"). No loss is better than 0, so the search goes where trainings
#   overflow and stays there, while the best trial that it reports is a sound one from before. A huge finite loss is
#   avoided as it should be.
# Guess before: infinity is the worst value there is, or counts as failed like NaN.
# Versions: keras-tuner==1.4.8, keras==3.15.1 on jax==0.10.2 (scikit-learn==1.9.1, scipy==1.17.1, numpy==2.3.5).
# Seen: loss 1 + (rate - 0.3)^2 on [0, 1], infinite for a rate above 0.8; 14 trials, three of them random. Of the other
#   eleven, above 0.8: with infinity 8, with 1e9 in its place 0; best loss minus 1 at the end 3.8e-3 and 7.5e-5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet keras-tuner==1.4.8 keras==3.15.1 jax==0.10.2 six==1.17.0 scikit-learn==1.9.1 \
  scipy==1.17.1 numpy==2.3.5
cd "$folder"
KERAS_BACKEND=jax OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import keras_tuner

SPACE = keras_tuner.HyperParameters()
SPACE.Float("rate", 0, 1)


def search(overflown):
    """Return how many trials after the random ones are above 0.8, and by how much the best misses the best loss."""

    class Tuner(keras_tuner.Tuner):
        def run_trial(self, trial, *args, **kwargs):
            rate = trial.hyperparameters.get("rate")
            return {"loss": overflown if rate > 0.8 else 1 + (rate - 0.3) ** 2}

    oracle = keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("loss", "min"), max_trials=14, seed=1, hyperparameters=SPACE.copy())
    tuner = Tuner(oracle=oracle, hypermodel=lambda values: None, directory=".", project_name=str(overflown))
    oracle.verbose = 0
    tuner.search(verbose=0)
    rates = [trial.hyperparameters.get("rate") for trial in oracle.trials.values()]
    assert all(trial.status == "COMPLETED" for trial in oracle.trials.values())
    return int(sum(rate > 0.8 for rate in rates[3:])), float(oracle.get_best_trials()[0].score) - 1


infinite, huge = search(math.inf), search(1e9)
print("above 0.8 and distance from the best loss: infinite", infinite, "1e9", huge)
assert infinite[0] >= 6 and huge[0] <= 1, (infinite, huge)
assert infinite[1] > 10 * huge[1], (infinite, huge)
PY
echo "as claimed"
