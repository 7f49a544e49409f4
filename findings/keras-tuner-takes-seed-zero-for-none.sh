#!/usr/bin/env bash
# Claim: in every search of KerasTuner seed=0 means no seed: the oracle takes "the seed or a random one". Two searches
#   with seed=0 try other values, two with seed=1 the same. The seed that was drawn is not printed, only kept in the
#   oracle's state file; 0 is the first of the seeds 0, 1, 2, ... of a study, and the one that cannot be repeated.
# Guess before: 0 is a seed like any other, as in numpy, torch, Keras and Optuna.
# Versions: keras-tuner==1.4.8, keras==3.15.1 on jax==0.10.2 (scikit-learn==1.9.1, scipy==1.17.1, numpy==2.3.5).
# Seen: the trials of two searches of one seed are equal: random, Bayesian, Hyperband with seed 0 no, with seed 1 yes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet keras-tuner==1.4.8 keras==3.15.1 jax==0.10.2 six==1.17.0 scikit-learn==1.9.1 \
  scipy==1.17.1 numpy==2.3.5
cd "$folder"
KERAS_BACKEND=jax OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import itertools

import keras_tuner

ORACLES = {"random": (keras_tuner.oracles.RandomSearchOracle, {"max_trials": 3}),
           "Bayesian": (keras_tuner.oracles.BayesianOptimizationOracle, {"max_trials": 3}),
           "Hyperband": (keras_tuner.oracles.HyperbandOracle, {"max_epochs": 3})}
NUMBERS = itertools.count()


class Tuner(keras_tuner.Tuner):
    def run_trial(self, trial, *args, **kwargs):
        return {"loss": trial.hyperparameters.get("rate")}


def rates(name, seed):
    space = keras_tuner.HyperParameters()
    space.Float("rate", 0, 1)
    kind, options = ORACLES[name]
    oracle = kind(objective=keras_tuner.Objective("loss", "min"), seed=seed, hyperparameters=space, **options)
    tuner = Tuner(oracle=oracle, hypermodel=lambda values: None, directory=".", project_name=str(next(NUMBERS)))
    oracle.verbose = 0
    tuner.search(verbose=0)
    return [trial.hyperparameters.get("rate") for trial in oracle.trials.values()]


equal = {name: [rates(name, seed) == rates(name, seed) for seed in (0, 1)] for name in ORACLES}
print("two searches of seed 0, and two of seed 1, are equal:", equal)
assert set(map(tuple, equal.values())) == {(False, True)}, equal
PY
echo "as claimed"
