#!/usr/bin/env bash
# Claim: two arguments of rliable's get_interval_estimates do nothing. random_state, which "ensures reproducibility in
#   uncertainty estimates", is handed on and not used: the samples come from numpy's global generator, so that two calls
#   with equal states differ and two with other states are equal after the same np.random.seed. task_bootstrap=True, for
#   intervals that hold for tasks like these instead of these tasks only, is not handed on where two algorithms are
#   compared (score_dict with pairs, as for probability_of_improvement): the interval stays the narrow one of the runs.
#   For a single algorithm task_bootstrap works.
# Guess before: equal states give equal intervals, and sampling the tasks, too, makes the interval of a comparison much
#   wider where tasks differ, as it does for one algorithm.
# Versions: rliable==1.2.0, arch==7.2.0 (numpy==2.3.5, scipy==1.17.1, pandas==2.3.3).
# Seen: six tasks, 20 runs, 500 samples. Equal states: -0.069 to 0.120 and -0.072 to 0.123; states 7 and 8 after one
#   global seed: equal to the last digit. task_bootstrap False, True: one algorithm -0.069 to 0.120, -0.543 to 0.659; a
#   comparison 0.486 to 0.599 with both, where tasks sampled by hand give 0.284 to 0.787.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet rliable==1.2.0 arch==7.2.0 numpy==2.3.5 scipy==1.17.1 pandas==2.3.3
MPLBACKEND=agg MPLCONFIGDIR="$folder/mpl" "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
from rliable.library import get_interval_estimates
from rliable.metrics import aggregate_iqm, probability_of_improvement

random = np.random.default_rng(0)
RUNS, TASKS = 20, 6
level = np.linspace(-1, 1, TASKS)  # how much better one algorithm is than the other depends on the task
first = random.normal(level, 0.5, size=(RUNS, TASKS))
second = random.normal(0, 0.5, size=(RUNS, TASKS))


def mean(scores):
    return np.array([aggregate_iqm(scores)])


def better(x, y):
    return np.array([probability_of_improvement(x, y)])


def interval(scores, function, seed, state=None, **options):
    np.random.seed(seed)
    state = None if state is None else np.random.RandomState(state)
    _, intervals = get_interval_estimates({"scores": scores}, function, reps=500, random_state=state, **options)
    return intervals["scores"].ravel()


print("same random_state:", interval(first, mean, 1, state=7), interval(first, mean, 2, state=7))
print("other random_state, same global seed:", interval(first, mean, 1, state=7), interval(first, mean, 1, state=8))
assert not np.allclose(interval(first, mean, 1, state=7), interval(first, mean, 2, state=7))
assert np.array_equal(interval(first, mean, 1, state=7), interval(first, mean, 1, state=8))

widths = {}
for name, scores, function in (("one algorithm", first, mean), ("a comparison", [first, second], better)):
    for tasks in (False, True):
        low, high = interval(scores, function, 1, task_bootstrap=tasks)
        widths[name, tasks] = high - low
        print(f"{name}, task_bootstrap={tasks}: {low:.3f} to {high:.3f}")
assert widths["one algorithm", True] > 3 * widths["one algorithm", False]
assert widths["a comparison", True] == widths["a comparison", False]

samples = []
for _ in range(500):  # by hand
    tasks = random.integers(TASKS, size=TASKS)
    x, y = (np.stack([scores[random.integers(RUNS, size=RUNS), task] for task in tasks], 1)
            for scores in (first, second))
    samples.append(probability_of_improvement(x, y))
low, high = np.quantile(samples, [0.025, 0.975])
print(f"a comparison, tasks sampled by hand: {low:.3f} to {high:.3f}")
assert high - low > 3 * widths["a comparison", True]
PY
echo "as claimed"
