#!/usr/bin/env bash
# Claim: once Ax's model leads to a configuration whose training diverges, and the trial is marked as failed, Ax
#   suggests the same configuration again, to all digits, in every later trial: a failed trial leaves nothing behind,
#   and without new data the model proposes the same. Marked as abandoned, which is documented as not to be suggested
#   again, that point is left out and others near it are tried: every later trial diverges, too. With a finite, bad loss
#   in place of both, Ax seeks the edge.
# Guess before: "failed trials may be re-suggested" means once in a while; a failure, or at least an abandonment, keeps
#   the search away from where trainings diverge.
# Versions: ax-platform==1.3.1, botorch==0.18.1, torch==2.15.0, numpy==2.3.5.
# Seen: learning rates from 1e-4 to 1; the loss falls with the rate, which diverges above 0.03. 16 trials, the first
#   five or six not of Ax's model; of the last ten, two seeds: failed, 10 and 9 diverge, all at one rate (0.314, 0.451);
#   abandoned, 10 and 9, all at different rates; with a loss of 5 in place, 2 and none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet ax-platform==1.3.1 botorch==0.18.1 torch==2.15.0 numpy==2.3.5 pandas==3.1.1 \
  scipy==1.17.1 scikit-learn==1.9.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import logging
import math

from ax.api.client import Client
from ax.api.configs import RangeParameterConfig

logging.disable(logging.CRITICAL)
EDGE, TRIALS, LAST = 0.03, 16, 10


def rates_tried(answer, seed):
    """Return the rates of all trials, those above the edge being answered as named."""
    client = Client(random_seed=seed)
    client.configure_experiment(
        parameters=[RangeParameterConfig(name="rate", bounds=(1e-4, 1.0), parameter_type="float", scaling="log")]
    )
    client.configure_optimization(objective="-loss")
    tried = []
    for _ in range(TRIALS):
        ((index, parameters),) = client.get_next_trials(max_trials=1).items()
        rate = parameters["rate"]
        tried.append(rate)
        if rate <= EDGE:
            client.complete_trial(index, raw_data={"loss": -math.log10(rate)})
        elif answer == "failed":
            client.mark_trial_failed(index)
        elif answer == "abandoned":
            client.mark_trial_abandoned(index)
        else:
            client.complete_trial(index, raw_data={"loss": answer})
    return tried


for answer in ("failed", "abandoned", 5.0):
    for seed in (0, 1):
        last = rates_tried(answer, seed)[-LAST:]
        diverged = [rate for rate in last if rate > EDGE]
        print(f"diverged trials are {answer}: of the last {LAST} {len(diverged)} diverge, rates",
              [round(rate, 4) for rate in last])
        if answer == "failed":
            assert len(diverged) >= LAST - 2 and len(set(diverged)) == 1
        elif answer == "abandoned":
            assert len(diverged) >= LAST - 2 and len(set(diverged)) == len(diverged)
        else:
            assert len(diverged) <= LAST // 2
PY
echo "as claimed"
