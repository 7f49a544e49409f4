#!/usr/bin/env bash
# Claim: the learning rate finder of ignite, FastaiLRFinder, takes its first step at the rate that the optimizer already
#   has, and not at start_lr; from then on it writes beside each loss the rate of the step that comes after. So a test
#   from 0.0001 upwards begins with a full step at, say, 0.5, all losses are those of another network, and what it
#   suggests is one step of the range too large, even above end_lr: a factor of 2 with 10 steps over three decades.
#   torch-lr-finder takes each step at the rate that it notes, from start_lr to end_lr.
# Guess before: the curve has the loss at each rate; a range test is independent of the rate that it shall replace.
# Versions: pytorch-ignite==0.5.5, torch-lr-finder==0.2.2, torch==2.15.0, numpy==2.3.5.
# Seen: an optimizer with rate 0.5, start_lr 0.0001, end_lr 0.1, ten steps. ignite, exponential: steps taken at 0.43,
#   0.0002, ..., 0.1, noted 0.0002, 0.0004, ..., 0.2; linear: taken at 0.5, 0.0001, ..., 0.09, noted 0.0001, ..., 0.1.
#   torch-lr-finder: both 0.0001, ..., 0.1. The first of ignite's steps moves the weights 1,000 times as far or more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pytorch-ignite==0.5.5 torch-lr-finder==0.2.2 torch==2.15.0 numpy==2.3.5
MPLBACKEND=agg MPLCONFIGDIR="$folder/mpl" OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
import torch
from ignite.engine import Engine
from ignite.handlers import FastaiLRFinder
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch_lr_finder import LRFinder

RATE, START, END, STEPS = 0.5, 1e-4, 0.1, 10
torch.manual_seed(0)
x = torch.randn(64, 3)
batches = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=8)


def prepared():
    """Returns a network, its optimizer and two lists to which each step adds its rate and how far the weights go."""
    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    taken, moves, before = [], [], []

    def begin(*_):
        taken.append(optimizer.param_groups[0]["lr"])
        before[:] = [network.weight.detach().clone()]

    optimizer.register_step_pre_hook(begin)
    optimizer.register_step_post_hook(lambda *_: moves.append((network.weight - before[0]).norm().item()))
    return network, optimizer, taken, moves


def of_ignite(mode):
    network, optimizer, taken, moves = prepared()

    def step(engine, batch):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(network(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss.item()

    trainer, finder = Engine(step), FastaiLRFinder()
    options = {"num_iter": STEPS, "start_lr": START, "end_lr": END, "step_mode": mode, "diverge_th": 100.0}
    with finder.attach(trainer, {"model": network, "optimizer": optimizer}, **options) as test:
        test.run(batches, max_epochs=10)
    return taken, finder.get_results()["lr"], moves[0]


def of_torch_lr_finder(mode):
    network, optimizer, taken, moves = prepared()
    finder = LRFinder(network, optimizer, nn.MSELoss(), device="cpu")
    finder.range_test(batches, start_lr=START, end_lr=END, num_iter=STEPS, step_mode=mode, diverge_th=100)
    return taken, finder.history["lr"], moves[0]


for mode in ("exp", "linear"):
    taken, noted, moved = of_ignite(mode)
    other_taken, other_noted, other_moved = of_torch_lr_finder(mode)
    for name, rates in (("taken", taken), ("noted", noted), ("torch-lr-finder, taken", other_taken)):
        print(f"{mode}: {name}", *(f"{rate:.2g}" for rate in rates))
    print(f"{mode}: the first step moves the weights by {moved:.3g}, torch-lr-finder's by {other_moved:.3g}")
    assert taken[0] > 0.4 and max(taken[1:]) < 0.11
    assert np.allclose(noted[:-1], taken[1:])
    assert np.allclose(other_taken, other_noted) and np.allclose([other_taken[0], other_taken[-1]], [START, END])
    assert moved > 1000 * other_moved
    if mode == "exp":
        assert noted[-1] > 1.9 * END and np.isclose(noted[3] / taken[3], (END / START) ** (1 / STEPS))
PY
echo "as claimed"
