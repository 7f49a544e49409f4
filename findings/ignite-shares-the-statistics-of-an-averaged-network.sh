#!/usr/bin/env bash
# Claim: the network with averaged weights that ignite's EMAHandler keeps shares its buffers with the one in training,
#   by default (handle_buffers="copy"): from the first step on, running means and variances of both are one tensor each.
#   Statistics measured anew for the averaged weights, by torch's update_bn, replace those of the trained network, which
#   then evaluates otherwise without a step of training; and averages taken every five steps are read with the
#   statistics of now. With "update" statistics are kept apart, but the counters of batches are one tensor there, too.
# Guess before: to copy the buffers is to have a copy; nothing done to the averaged network touches the other.
# Versions: pytorch-ignite==0.5.5, torch==2.15.0, numpy==2.3.5.
# Seen: a network with one batch norm, five steps, then update_bn of the averaged network with inputs whose mean is 3:
#   with "copy" the outputs of the trained network in evaluation move by up to 4.6, with "update", "ema_train" by 0; its
#   counter of batches goes from 5 to 1 with "copy" and "update" and stays with "ema_train".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pytorch-ignite==0.5.5 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import torch
from ignite.engine import Engine
from ignite.handlers import EMAHandler
from torch import nn
from torch.optim.swa_utils import update_bn


def evaluated(network, x):
    network.eval()
    with torch.no_grad():
        return network(x)


def measured(mode):
    """Returns by how much the trained network's answers move and its counter of batches before and after."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)

    def step(engine, x):
        network.train()
        optimizer.zero_grad()
        nn.functional.mse_loss(network(x), x[:, :3]).backward()
        optimizer.step()

    trainer, handler = Engine(step), EMAHandler(network, momentum=0.1, handle_buffers=mode)
    handler.attach(trainer)
    trainer.run([torch.randn(16, 4) for _ in range(5)], max_epochs=1)
    x, counter = torch.randn(8, 4), network[1].num_batches_tracked.item()
    before = evaluated(network, x)
    update_bn([torch.randn(64, 4) + 3], handler.ema_model)
    return (evaluated(network, x) - before).abs().max().item(), counter, network[1].num_batches_tracked.item()


seen = {mode: measured(mode) for mode in ("copy", "update", "ema_train")}
for mode, (moved, before, after) in seen.items():
    print(f"{mode}: answers move by {moved:.3f}, counter of batches {before}, then {after}")
assert seen["copy"][0] > 0.5 and seen["copy"][1:] == (5, 1)
assert seen["update"] == (0.0, 5, 1)
assert seen["ema_train"] == (0.0, 5, 5)
PY
echo "as claimed"
