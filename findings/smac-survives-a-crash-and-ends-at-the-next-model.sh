#!/usr/bin/env bash
# Claim: SMAC3 catches the exception of a trial, notes the trial as crashed with a cost of infinity (the default
#   crash_cost), and goes on; the study then ends with an error when the random forest is next fitted, for the forest is
#   given that cost. After a crash among the first, random configurations, a quarter of the trials, this is up to
#   that quarter later, and the message ("Input y contains NaN") names neither the trial nor the crash. A loss of NaN,
#   or of infinity, of a training that diverged does the same. Only random search and a finite crash_cost survive.
# Guess before: a trial that is caught and marked as crashed is for the model a bad trial, or none; the study goes on.
# Versions: smac==2.4.1, ConfigSpace==1.2.2, scikit-learn==1.9.1, numpy==2.4.6.
# Seen: one dimension, 40 trials of which the third raises: both facades with a forest end after 10 and 9 of 40,
#   with NaN (log scale) and infinity in y, and return no incumbent; with crash_cost=1e3 and by RandomFacade all 40 run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet smac==2.4.1 ConfigSpace==1.2.2 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import math
from pathlib import Path

from ConfigSpace import ConfigurationSpace
from smac import AlgorithmConfigurationFacade, HyperparameterOptimizationFacade, RandomFacade, Scenario


def study(facade, third, name, **options):
    """Return how many trials are run, the statuses of the first four, and the message of the error that ends them."""
    tried = []

    def loss(config, seed=0):
        tried.append(config["rate"])
        if len(tried) == 3:
            if third is None:
                raise FloatingPointError("diverged")
            return third
        return (config["rate"] - 0.3) ** 2

    space = ConfigurationSpace(space={"rate": (0.0, 1.0)}, seed=0)
    scenario = Scenario(space, name, Path("smac"), deterministic=True, n_trials=40, seed=0, **options)
    search = facade(scenario, loss, logging_level=50, overwrite=True)
    message = ""
    try:
        search.optimize()
    except ValueError as error:
        message = str(error).splitlines()[0]
    return len(tried), [trial.status.name for trial in list(search.runhistory.values())[:4]], message


for facade in (HyperparameterOptimizationFacade, AlgorithmConfigurationFacade, RandomFacade):
    for what, third, options in (
        ("raises", None, {}), ("raises, crash_cost=1e3", None, {"crash_cost": 1e3}), ("is infinite", math.inf, {})
    ):
        count, statuses, message = study(facade, third, f"{facade.__name__} {what}", **options)
        print(f"{facade.__name__}, the third {what}: {count} of 40 trials; {statuses}; {message or 'no error'}")
        if third is None:
            assert statuses == ["SUCCESS", "SUCCESS", "CRASHED", "SUCCESS"]  # it was caught
        if options or facade is RandomFacade:
            assert count == 40 and not message
        else:
            assert count <= 10 and "y contains" in message
PY
echo "as claimed"
