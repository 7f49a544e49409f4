#!/usr/bin/env bash
# Claim: tensorboard-reducer leaves out of every step the runs whose value is NaN, and says nothing: once a seed has
#   diverged, the mean and the deviation are those of the others. The curve of the mean rises while the seed explodes
#   and then drops below where it was, with a deviation of zero if the others agree: what is left looks as if training
#   had recovered. The checks that the package makes against a changing number of runs (strict_steps, for which its
#   documentation warns that "the statistics of a reduction will change mid-run") compare the number of steps and pass.
#   min_runs_per_step with strict_steps=False counts values, and drops these steps.
# Guess before: the mean over seeds of a loss that is NaN in one is NaN, as numpy's is ("numpy reduce operations", says
#   the package), or the run is refused like one with a step less.
# Versions: tensorboard-reducer==0.4.0, tensorboardX==2.6.5, tensorboard==2.21.0 (pandas==3.0.6, numpy==2.3.5).
# Seen: five seeds with loss 1 / step; the fifth explodes from step 5 and is NaN from step 8. Mean of steps 7, 8, 9, 10:
#   5.514, 0.125, 0.111, 0.100; deviation 12.011, 0, 0, 0; numpy's mean is NaN from step 8. Without steps 8 to 10 of
#   that seed: ValueError. min_runs_per_step=5: seven steps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet tensorboard-reducer==0.4.0 tensorboardX==2.6.5 tensorboard==2.21.0 \
  pandas==3.0.6 numpy==2.3.5
LOGS="$folder/logs" "$folder/env/bin/python" -W ignore - 2> "$folder/log" <<'PY' || { cat "$folder/log"; exit 1; }
import math
import os

import numpy as np
from tensorboard_reducer import load_tb_events, reduce_events
from tensorboardX import SummaryWriter

STEPS = range(1, 11)


def loss(seed, step):
    if seed < 5 or step < 5:
        return 1 / step
    return 3.0 ** (step - 4) if step < 8 else math.nan


def write(name, steps_of_the_last):
    folders = [f"{os.environ['LOGS']}/{name}/seed-{seed}" for seed in range(1, 6)]
    for seed, folder in enumerate(folders, 1):
        with SummaryWriter(folder) as writer:
            for step in STEPS if seed < 5 else steps_of_the_last:
                writer.add_scalar("loss", loss(seed, step), step)
    return folders


diverged = write("diverged", STEPS)
events = load_tb_events(diverged)  # every check is on
curves = {op: reduced["loss"] for op, reduced in reduce_events(events, ["mean", "std"]).items()}
by_numpy = events["loss"].to_numpy().mean(axis=1)
for op, curve in curves.items():
    print(op, curve.round(3).tolist())
print("numpy's mean", by_numpy.round(3).tolist())
assert np.isfinite(curves["mean"]).all() and np.isnan(by_numpy[7:]).all() and np.isfinite(by_numpy[:7]).all()
assert curves["mean"][7] > 5 and curves["mean"][8] < curves["mean"][4] and (curves["std"][8:] < 1e-6).all()

try:
    load_tb_events(write("ended", range(1, 8)))
except ValueError as error:
    print("seven steps of the fifth seed:", str(error)[:60])
else:
    raise SystemExit("a run with fewer steps is accepted")
kept = load_tb_events(diverged, strict_steps=False, min_runs_per_step=5)["loss"]
print("min_runs_per_step=5 keeps", len(kept), "steps")
assert len(kept) == 7
PY
echo "as claimed"
