#!/usr/bin/env bash
# Claim: in gp_minimize of scikit-optimize and uniformint of hyperopt both ends of a range of integers come half as
#   often as the others: they draw a number between the ends and round it. Of one, two or three layers half of the
#   random trials have two. scikit-optimize documents "integers are sampled uniformly between the lower and upper
#   bounds", and its forest_minimize, called with the same dimensions, does so; hyperopt's randint, Optuna and
#   ConfigSpace do, too. On a logarithmic scale all differ: of integers from 1 to 100 the 1 comes in 21 % of the trials
#   of Optuna, 15 % of ConfigSpace's, 9 % of scikit-optimize's. Random search "of the same space" is another baseline
#   in each.
# Guess before: a uniform integer from 1 to 3 is each of the three in a third of the random trials, in every tool and
#   in every minimizer of one tool.
# Versions: scikit-optimize==0.10.2, hyperopt==0.3.0, optuna==5.0.0, ConfigSpace==1.2.2.
# Seen: 400 random trials, how many had 1, 2, 3: gp_minimize 92, 207, 101; uniformint 101, 207, 92; forest_minimize
#   142, 134, 124; randint 137, 136, 127; Optuna 138, 130, 132; ConfigSpace 143, 133, 124. Share of 1 of 1 to 100,
#   logarithmic: 0.207, 0.151, 0.085.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scikit-optimize==0.10.2 hyperopt==0.3.0 optuna==5.0.0 ConfigSpace==1.2.2 \
  numpy==2.3.5 scikit-learn==1.9.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
import optuna
import skopt
from ConfigSpace import ConfigurationSpace, Integer
from hyperopt import Trials, fmin, hp, rand

TRIALS = 400


def of_skopt(minimize, **options):
    result = minimize(lambda point: 0.0, [(1, 3)], n_calls=TRIALS, random_state=0, **options)
    return [point[0] for point in result.x_iters]


def of_hyperopt(space):
    trials = Trials()
    fmin(lambda x: 0.0, space, algo=rand.suggest, max_evals=TRIALS, trials=trials, rstate=np.random.default_rng(0),
         show_progressbar=False)
    return [trial["misc"]["vals"]["x"][0] for trial in trials.trials]


def of_optuna():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: 0.0 * trial.suggest_int("x", 1, 3), n_trials=TRIALS)
    return [trial.params["x"] for trial in study.trials]


drawn = {  # every one of the trials is a random one
    "skopt gp_minimize": of_skopt(skopt.gp_minimize, n_initial_points=TRIALS),
    "hyperopt uniformint": of_hyperopt(hp.uniformint("x", 1, 3)),
    "skopt forest_minimize": of_skopt(skopt.forest_minimize, n_initial_points=TRIALS),
    "hyperopt randint": of_hyperopt(hp.randint("x", 1, 4)),
    "optuna": of_optuna(),
    "ConfigSpace": [one["x"] for one in ConfigurationSpace({"x": (1, 3)}, seed=0).sample_configuration(TRIALS)],
}
for number, (name, values) in enumerate(drawn.items()):
    counts = np.bincount(np.array(values, int), minlength=4)[1:]
    print(name, counts.tolist())
    share = counts[1] / TRIALS
    assert counts.sum() == TRIALS and (0.44 < share < 0.56 if number < 2 else 0.27 < share < 0.40), (name, share)

distribution = optuna.distributions.IntDistribution(1, 100, log=True)
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
logarithmic = {
    "optuna": [study.ask({"x": distribution}).params["x"] for _ in range(4_000)],
    "ConfigSpace": [int(one["x"]) for one in ConfigurationSpace(space={"x": Integer("x", (1, 100), log=True)}, seed=0)
                    .sample_configuration(4_000)],
    "skopt": skopt.space.Integer(1, 100, prior="log-uniform").rvs(4_000, random_state=0),
}
shares = {name: float(np.mean(np.array(values) == 1)) for name, values in logarithmic.items()}
print("share of 1 among 1 to 100, logarithmic:", {name: round(share, 3) for name, share in shares.items()})
assert 0.19 < shares["optuna"] < 0.225 and 0.13 < shares["ConfigSpace"] < 0.17 and 0.07 < shares["skopt"] < 0.105
PY
echo "as claimed"
