#!/usr/bin/env bash
# Claim: in NePS an integer on a logarithmic scale has as many values as its range has factors of e, and no others: of
#   the widths from 16 to 512 its searches (random, grid, Hyperband, Bayesian) try 16, 51, 161 and 512 alone, of the
#   batch sizes from 1 to 1000 eight, and of one, two or three layers never two. The number of values of the domain is
#   taken to be the rounded length of the range of logarithms, plus one, and what is drawn is moved to the nearest of
#   them. A linear integer and a logarithmic float have all their values. The best value is as a rule not in the space,
#   and no number of trials finds it. (log_base, documented as "the base for logarithmic scaling", is the number of
#   values instead: 2 gives powers of two. neps_random_search samples in another way, and has all integers.)
# Guess before: log=True, "whether to sample values on a logarithmic scale", changes how often an integer is tried, not
#   whether it can be.
# Versions: neural-pipeline-search==0.17.0 on torch==2.15.0 (numpy==2.3.5).
# Seen: widths that were tried: 200 random trials 16, 51, 161, 512, the same by Hyperband and in the grid; of 200 linear
#   ones 163, by neps_random_search about 130; layers 1 and 3; batch sizes 1, 3, 7, 19, 52, 139, 373, 1000.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet neural-pipeline-search==0.17.0 torch==2.15.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import logging

import neps
import numpy as np
import torch
from neps.optimizers import algorithms
from neps.optimizers.ask_and_tell import AskAndTell

logging.disable(logging.CRITICAL)
np.random.seed(0)
torch.manual_seed(0)


class Logarithmic(neps.PipelineSpace):
    width = neps.Integer(16, 512, log=True)
    batch = neps.Integer(1, 1000, log=True)
    layers = neps.Integer(1, 3, log=True)


class Linear(neps.PipelineSpace):
    width = neps.Integer(16, 512)


class WithEpochs(neps.PipelineSpace):
    width = neps.Integer(16, 512, log=True)
    epochs = neps.IntegerFidelity(1, 9)


def tried(search, name, trials=200):
    search, values = AskAndTell(search), set()
    for _ in range(trials):
        trial = search.ask()
        values |= {value for key, value in trial.config.items() if name in key}
        search.tell(trial, 1.0)
    return sorted(values)


found = {name: tried(algorithms.random_search(Logarithmic()), name) for name in ("width", "batch", "layers")}
by_hyperband = tried(algorithms.hyperband(WithEpochs()), "width", trials=60)
grid = sorted({config["width"] for config in algorithms.grid_search(Logarithmic()).configs_list})
linear = tried(algorithms.random_search(Linear()), "width")
other = tried(algorithms.neps_random_search(Logarithmic()), "width")
print(neps.__name__, found, "Hyperband", by_hyperband, "grid", grid)
print("different widths of 200: linear", len(linear), "neps_random_search", len(other))
assert found["width"] == by_hyperband == grid == [16, 51, 161, 512]
assert found["batch"] == [1, 3, 7, 19, 52, 139, 373, 1000] and found["layers"] == [1, 3]
assert len(linear) > 100 and len(other) > 60
PY
echo "as claimed"
