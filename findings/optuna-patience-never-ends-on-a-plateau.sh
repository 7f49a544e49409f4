#!/usr/bin/env bash
# Claim: optuna's PatientPruner without another pruner, "equivalent to early-stopping", which "prunes the trial if the
#   improvement after a patience period is less than a threshold", only prunes a trial that has got worse. A score that
#   stands still is no reason: a network whose accuracy stays at chance runs to its last epoch. min_delta, the
#   threshold, works against its name: the larger it is, the later a trial is pruned, since a score must be worse than
#   the best before by more than it, where early stopping asks for a gain of at least that much. It is compared with
#   the last patience + 1 values, so that patience 3 waits for four. (Issue 3835 of 2022 on min_delta was closed as
#   stale.)
# Guess before: with patience 3 a trial is pruned after three steps without a gain above min_delta, at the latest where
#   the score does not move at all.
# Versions: optuna==5.0.0.
# Seen: 50 steps: accuracy 0.1 throughout, never pruned (early stopping: step 3); loss that falls by 0.001 a step at
#   min_delta 0.5, never (3); loss 1.0, 0.5, then 0.7: at min_delta 0 step 5, at 0.5 never (4 and 3).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet optuna==5.0.0
"$folder/env/bin/python" -W ignore - <<'PY'
import optuna
from optuna.pruners import PatientPruner

optuna.logging.set_verbosity(optuna.logging.ERROR)
STEPS, PATIENCE = 50, 3
text = " ".join(PatientPruner.__doc__.split())
assert "prunes the trial if the improvement in the intermediate values after a patience period is less than" in text
assert "If it is :obj:`None`, this pruner is equivalent to early-stopping" in text


def by_optuna(values, direction, min_delta):
    """Returns the step at which the pruner ends a trial; None if it never does."""
    study = optuna.create_study(direction=direction, pruner=PatientPruner(None, PATIENCE, min_delta))
    trial = study.ask()
    for step, value in enumerate(values):
        trial.report(value, step)
        if trial.should_prune():
            return step


def by_early_stopping(values, direction, min_delta):
    """Returns the step at which `patience` steps in a row have brought no gain above min_delta."""
    sign, best, since = (1 if direction == "maximize" else -1), None, 0
    for step, value in enumerate(values):
        if best is None or sign * (value - best) > min_delta:
            best, since = value, 0
        else:
            since += 1
        if since == PATIENCE:
            return step


def both(name, values, direction, min_delta):
    result = by_optuna(values, direction, min_delta), by_early_stopping(values, direction, min_delta)
    print(f"{name}, min_delta {min_delta}: pruned at {result[0]}, early stopping at {result[1]}")
    return result


assert both("accuracy at chance", [0.1] * STEPS, "maximize", 0.0) == (None, 3)
assert both("a ten-thousandth below", [0.1] + [0.0999] * (STEPS - 1), "maximize", 0.0) == (4, 3)
slow = [1 - 0.001 * step for step in range(STEPS)]
assert both("loss that hardly falls", slow, "minimize", 0.5) == (None, 3)
rise = [1.0, 0.5] + [0.7] * (STEPS - 2)
assert both("loss that rises", rise, "minimize", 0.0) == (5, 4)
assert both("loss that rises", rise, "minimize", 0.5) == (None, 3)
PY
echo "as claimed"
