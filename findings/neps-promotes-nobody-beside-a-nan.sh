#!/usr/bin/env bash
# Claim: in NePS one trial whose loss is NaN ends the promotions of its bracket of Successive Halving or Hyperband. The
#   brackets write NaN for the result of a trial that is still running and wait for it; a training that diverged is
#   taken for one that never comes back. Instead of the promotions the search opens the next bracket. A bracket from 1
#   to 27 epochs has 27 trials: where a tenth of the space diverges hardly any is without NaN, and the whole budget goes
#   into trials of one epoch. Nothing is logged about it. A loss of infinity, or a training that raises, is ranked last.
#   ASHA does not wait, and promotes.
# Guess before: NaN is the worst, so that the search promotes the same trials as with infinity in its place.
# Versions: neural-pipeline-search==0.17.0 on torch==2.15.0 (numpy==2.3.5).
# Seen: trials with 1, 3, 9, 27 epochs. Successive halving, 120 trials: NaN 120, 0, 0, 0; infinity 81, 27, 9, 3.
#   Hyperband: NaN 80, 18, 12, 10; infinity 54, 36, 20, 10. neps.run with 60 trials: NaN 60, 0, 0, 0; infinity 47, 9, 3,
#   1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet neural-pipeline-search==0.17.0 torch==2.15.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import collections
import logging
import math

import neps
import numpy as np
import torch
from neps.optimizers import algorithms
from neps.optimizers.ask_and_tell import AskAndTell

logging.disable(logging.CRITICAL)


class Space(neps.PipelineSpace):
    rate = neps.Float(0, 1)
    epochs = neps.IntegerFidelity(1, 27)


def seed():
    np.random.seed(0)
    torch.manual_seed(0)


def loss(rate, epochs, diverged):
    return diverged if rate > 0.9 else abs(rate - 0.3) / epochs**0.1  # a little better the longer


def counts(epochs):
    counted = collections.Counter(epochs)
    return [counted[number] for number in (1, 3, 9, 27)]


def ask_and_tell(kind, diverged):
    seed()
    search, epochs = AskAndTell(kind(Space())), []
    for _ in range(120):
        trial = search.ask()
        epochs.append(trial.config["epochs"])
        search.tell(trial, loss(**trial.config, diverged=diverged))
    return counts(epochs)


def run(diverged):
    seed()
    seen = []

    def evaluate(rate, epochs):
        seen.append(epochs)
        return loss(rate, epochs, diverged)

    neps.run(evaluate, Space(), root_directory=f"run_{diverged}", optimizer="successive_halving",
             worker_evaluations_to_spend=60)
    return counts(seen)


found = {}
for diverged in (math.nan, math.inf):
    for kind in (algorithms.successive_halving, algorithms.hyperband, algorithms.asha):
        found[kind.__name__, diverged] = ask_and_tell(kind, diverged)
    found["neps.run", diverged] = run(diverged)
for (name, diverged), epochs in found.items():
    print(f"{name}, diverged trials are {diverged}: trials with 1, 3, 9, 27 epochs {epochs}")
values = list(found.values())
halving, hyperband, asha, through_run = zip(values[:4], values[4:])
assert halving == ([120, 0, 0, 0], [81, 27, 9, 3]), halving
assert hyperband[0][0] > hyperband[1][0] and hyperband[0][2] < hyperband[1][2], hyperband
assert asha[0] == asha[1], asha
assert through_run[0] == [60, 0, 0, 0] and through_run[1][3] > 0, through_run
PY
echo "as claimed"
