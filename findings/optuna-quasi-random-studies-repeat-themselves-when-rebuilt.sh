#!/usr/bin/env bash
# Claim: QMCSampler counts the points that it has given in attributes of the study, not by the study's trials. A study
#   that is rebuilt in memory from its trials (add_trial), as after a restart, begins its sequence again and asks for
#   the points that it has already got. The same sampler on the undisturbed study goes on.
# Guess before: with the same seed and the same trials the next point is the same.
# Versions: optuna==5.0.0, scipy==1.17.1 (numpy==2.3.5).
# Seen: undisturbed, the fifth point is new; rebuilt from four trials, the first four asks are the four old points.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet optuna==5.0.0 scipy==1.17.1 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import warnings

import optuna
from optuna.distributions import FloatDistribution
from optuna.samplers import QMCSampler

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
SPACE = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


def sampler():
    return QMCSampler(qmc_type="sobol", scramble=True, seed=1)


def ask(study, count):
    points = []
    for _ in range(count):
        trial = study.ask(SPACE)
        study.tell(trial, sum(trial.params.values()))
        points.append((round(trial.params["x"], 6), round(trial.params["y"], 6)))
    return points


print(optuna.__version__)
first = optuna.create_study(sampler=sampler())
ask(first, 1)  # the first trial is always at random: the sampler learns the space from it
before = ask(first, 4)
rebuilt = optuna.create_study(sampler=sampler())
for trial in first.trials:
    rebuilt.add_trial(optuna.trial.create_trial(params=trial.params, distributions=SPACE, value=trial.value))
undisturbed, again = ask(first, 4), ask(rebuilt, 4)
print("before:", before)
print("undisturbed:", undisturbed)
print("rebuilt:", again)
assert not set(undisturbed) & set(before) and set(again) <= set(before)
PY
echo "as claimed"
