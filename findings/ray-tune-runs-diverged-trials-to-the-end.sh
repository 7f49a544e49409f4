#!/usr/bin/env bash
# Claim: Ray Tune's ASHA and PBT never end a trial whose metric is NaN. ASHA stops a trial that is below its rung's
#   percentile, which it computes without NaN; no comparison with NaN is true: a diverged trial passes every rung and
#   runs to max_t, like the best one, while worse-than-average but sound ones end after an epoch. Population Based
#   Training leaves NaN out of the ranking: a diverged member is in no lower quantile, so it is neither replaced by a
#   better one nor changed, and keeps its slot to the end. The more of the space diverges, the less a search saves.
#   Optuna's successive halving prunes NaN at the first rung.
# Guess before: NaN is worse than every number, so ASHA ends it first and PBT replaces it first.
# Versions: ray[tune]==2.60.0, optuna==5.0.0 (numpy==2.3.5), CPU.
# Seen: epochs of eight trials by ASHA (27 at most, one of three goes on): the best 27, the three that are NaN 27 each,
#   the others 1, 1, 1, 3; Optuna's pruner ends the same three after 1, 1, 1. PBT of four members: rate 0.01 ends with
#   another one's weight, rate 0.9 (NaN) with 0.9 and NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet "ray[tune]==2.60.0" optuna==5.0.0 numpy==2.3.5
export RAY_AIR_NEW_OUTPUT=0 TUNE_DISABLE_AUTO_CALLBACK_LOGGERS=1 RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO=0
export RAY_USAGE_STATS_ENABLED=0 STORAGE="$folder/ray"
"$folder/env/bin/python" -W ignore - <<'PY' 2> "$folder/log" || { cat "$folder/log"; exit 1; }
import json
import math
import os
import tempfile

import optuna
import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler, PopulationBasedTraining

RATES = [0.1, 0.9, 0.2, 0.6, 0.3, 0.4, 0.7, 0.15]  # rates above 0.5 diverge
ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, object_store_memory=80_000_000)


def loss(rate, epoch):
    return math.nan if rate > 0.5 else rate + 1 / epoch


def train(config):
    for epoch in range(1, 28):
        tune.report({"loss": loss(config["rate"], epoch)})


def member(config):
    epoch, weight = 0, 0.0
    if checkpoint := tune.get_checkpoint():
        with checkpoint.as_directory() as folder, open(f"{folder}/state.json") as file:
            epoch, weight = json.load(file)
    while epoch < 4:
        epoch, weight = epoch + 1, weight + (math.nan if config["rate"] > 0.5 else config["rate"])
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/state.json", "w") as file:
                json.dump([epoch, weight], file)
            tune.report({"score": weight}, checkpoint=tune.Checkpoint.from_directory(folder))


def results(function, rates, **options):
    """Returns of each trial, by its first rate, the last rate, epoch and metrics."""
    run = tune.RunConfig(storage_path=os.environ["STORAGE"], verbose=0)
    grid = tune.Tuner(function, param_space={"rate": tune.grid_search(rates)}, run_config=run,
                      tune_config=tune.TuneConfig(max_concurrent_trials=1 if function is train else None, **options))
    return {rate: (result.config["rate"], result.metrics) for rate, result in zip(rates, grid.fit(), strict=True)}


halving = ASHAScheduler(max_t=27, grace_period=1, reduction_factor=3)
epochs = {rate: metrics["training_iteration"]
          for rate, (_, metrics) in results(train, RATES, metric="loss", mode="min", scheduler=halving).items()}
print("ASHA, epochs by rate:", epochs)

study = optuna.create_study(pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3))
pruned = {}
for rate in RATES:
    trial = study.ask()
    for epoch in range(1, 28):
        pruned[rate] = epoch
        trial.report(loss(rate, epoch), epoch)
        if trial.should_prune():
            break
    study.tell(trial, state=optuna.trial.TrialState.PRUNED if epoch < 27 else optuna.trial.TrialState.COMPLETE,
               values=None if epoch < 27 else [loss(rate, 27)])
print("Optuna, epochs by rate:", pruned)

evolution = PopulationBasedTraining(time_attr="training_iteration", perturbation_interval=2, synch=True,
                                    hyperparam_mutations={"rate": [0.01, 0.1, 0.2, 0.4]})
members = results(member, [0.1, 0.9, 0.2, 0.01], metric="score", mode="max", scheduler=evolution)
ends = {rate: (end, metrics["score"]) for rate, (end, metrics) in members.items()}
print("PBT, (rate, score) at the end by rate at the start:", ends)

diverged = [rate for rate in RATES if rate > 0.5]
assert epochs[0.1] == 27 and all(epochs[rate] == 27 for rate in diverged)
assert all(epochs[rate] <= 3 for rate in (0.2, 0.3, 0.4, 0.15))
assert all(pruned[rate] == 1 for rate in diverged)
assert ends[0.9][0] == 0.9 and math.isnan(ends[0.9][1]) and ends[0.01][1] > 0.1
PY
echo "as claimed"
