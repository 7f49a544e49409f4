#!/usr/bin/env bash
# Claim: the warm-up of ignite's EMAHandler always sets the momentum that is called "ema_momentum", whatever name it was
#   attached under. An average with a name of its own gets none: its momentum is the final one from the first step on.
#   Where two networks are averaged, as its documentation shows, the second one's warm-up goes to the first, which was
#   to have no warm-up at all, and leaves it there at the second one's momentum for the rest of the training.
# Guess before: a handler that takes a momentum, a momentum to begin with and a name warms up the momentum of that name.
# Versions: pytorch-ignite==0.5.5, torch==2.15.0, numpy==2.3.5.
# Seen: weights go from 0 to 1; momentum 0.5 to begin with, 0.01 after five steps. Averages after five steps: alone as
#   "ema_momentum" 0.801; alone as "critic_momentum" 0.049 = 1 - 0.99^5. Two: one with 0.001 and no warm-up, of which
#   0.005 is expected, gets 0.799 and keeps the momentum 0.01; the one whose warm-up it is gets 0.049.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pytorch-ignite==0.5.5 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from ignite.engine import Engine
from ignite.handlers import EMAHandler
from torch import nn

STEPS = 5
WARM_UP = {"momentum": 0.01, "momentum_warmup": 0.5, "warmup_iters": STEPS}


def averages(**handlers):
    """Returns the average of a weight that goes from 0 to 1, and the last momentum, by the name of the momentum."""
    networks, kept = {}, {}
    trainer = Engine(lambda engine, batch: None)
    for name, options in handlers.items():
        networks[name] = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(networks[name].weight)
        kept[name] = EMAHandler(networks[name], **options)
        nn.init.ones_(networks[name].weight)
        kept[name].attach(trainer, name)
    trainer.run(range(STEPS), max_epochs=1)
    return {name: (handler.ema_model.weight.item(), getattr(trainer.state, name)) for name, handler in kept.items()}


def after(momenta):
    return 1 - math.prod(1 - momentum for momentum in momenta)


with_warm_up = after(torch.linspace(0.5, 0.01, STEPS).tolist())
without = after([0.01] * STEPS)
default = averages(ema_momentum=WARM_UP)
named = averages(critic_momentum=WARM_UP)
both = averages(ema_momentum={"momentum": 0.001}, critic_momentum=WARM_UP)
print(f"by hand: with warm-up {with_warm_up:.3f}, without {without:.3f}, momentum 0.001 {after([0.001] * STEPS):.3f}")
print("alone, named ema_momentum:", default)
print("alone, named critic_momentum:", named)
print("two, no warm-up for ema_momentum:", both)
assert math.isclose(default["ema_momentum"][0], with_warm_up, rel_tol=1e-4)
assert math.isclose(named["critic_momentum"][0], without, rel_tol=1e-4)
assert math.isclose(both["critic_momentum"][0], without, rel_tol=1e-4)
a_step_later = after([0.001, *torch.linspace(0.5, 0.01, STEPS).tolist()[:-1]])
assert math.isclose(both["ema_momentum"][0], a_step_later, rel_tol=1e-4)
assert math.isclose(both["ema_momentum"][1], 0.01, rel_tol=1e-4)
PY
echo "as claimed"
