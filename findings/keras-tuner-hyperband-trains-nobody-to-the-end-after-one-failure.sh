#!/usr/bin/env bash
# Claim: one trial that diverges to NaN (or fails) in the first, shortest round takes the last, full training from a
#   bracket of KerasTuner's Hyperband. A round promotes while more trials are left than the plan drops, and a trial that
#   failed is not replaced and is not counted among the dropped: a round that is one short promotes one less, and where
#   the plan promotes one of three, none. The more trials diverge, the more brackets end after their first round. No
#   message says that rounds were left out; the search takes less time and ends as if it were complete.
# Guess before: a failed trial is one of those that are dropped; the best of the others are promoted as planned.
# Versions: keras-tuner==1.4.8, keras==3.15.1 on jax==0.10.2 (numpy==2.3.5).
# Seen: 27 epochs, factor 3. The bracket of 27 trials of one epoch: 27, 9, 3, 1 without a failure; with the very first
#   trial NaN 27, 8, 2, 0; with NaN for a tenth of the space 27, 4. With NaN for half of the space the bracket of 12
#   trials promotes nobody either, and trainings of 27 epochs fall from 9 to 5. The best trial of the whole search has
#   27 epochs without a failure, and 9 with one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet keras-tuner==1.4.8 keras==3.15.1 jax==0.10.2 six==1.17.0 numpy==2.3.5
cd "$folder"
KERAS_BACKEND=jax OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import keras_tuner

SPACE = keras_tuner.HyperParameters()
SPACE.Float("rate", 0, 1)


def search(name, diverges):
    """Return the number of trials of each round of each bracket, and the epochs of the best trial."""
    rounds = {bracket: [0] * (bracket + 1) for bracket in range(4)}

    class Tuner(keras_tuner.Tuner):
        def run_trial(self, trial, *args, **kwargs):
            values = trial.hyperparameters.values
            first = sum(map(sum, rounds.values())) == 0
            rounds[values["tuner/bracket"]][values["tuner/round"]] += 1
            loss = abs(values["rate"] - 0.3) / values["tuner/epochs"] ** 0.1  # a little better the longer
            return {"loss": math.nan if diverges(values["rate"], first) else loss}

    oracle = keras_tuner.oracles.HyperbandOracle(
        objective=keras_tuner.Objective("loss", "min"), max_epochs=27, factor=3, seed=1, hyperparameters=SPACE.copy(),
        max_consecutive_failed_trials=100)
    tuner = Tuner(oracle=oracle, hypermodel=lambda values: None, directory=".", project_name=name)
    oracle.verbose = 0
    tuner.search(verbose=0)
    return rounds, oracle.get_best_trials()[0].hyperparameters.values["tuner/epochs"]


none = search("none", lambda rate, first: False)
one = search("one", lambda rate, first: first)
tenth = search("tenth", lambda rate, first: rate > 0.9)
half = search("half", lambda rate, first: rate > 0.5)
for name, found in (("none", none), ("first trial", one), ("a tenth", tenth), ("half", half)):
    print(f"diverged: {name}; trials by bracket and round {found[0]}, epochs of the best trial {found[1]}")
assert none == ({0: [4], 1: [6, 2], 2: [12, 4, 2], 3: [27, 9, 3, 1]}, 27), none
assert one == ({0: [4], 1: [6, 2], 2: [12, 4, 2], 3: [27, 8, 2, 0]}, 9), one
assert tenth[0][3] == [27, 4, 0, 0], tenth
assert half[0] == {0: [4], 1: [6, 1], 2: [12, 0, 0], 3: [27, 0, 0, 0]}, half
PY
echo "as claimed"
