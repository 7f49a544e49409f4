"""A training step of a recurrent network, by SGD and by path-SGD, against torch's own network: in turns, one thread.

    .venv/bin/python benchmarks/recurrent_step.py [--rounds 40]

Sequences of the adding problem, T = 100, H = 100, from the numbers in memory to the update, as `mgu-run` trains them.
The time is that of the processor: whatever else the machine does is not in it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save
from torch import Tensor, nn

from mgu.config.conf import conf_dir
from mgu.config.run import RunConfig
from mgu.factory.learner import build_learner, build_step_options
from mgu.factory.resolved_run import ResolvedRun, resolve
from mgu.native.malloc import keep_freed_memory
from mgu.train.step import Step

THEIRS = "torch.nn.RNN, SGD"


class TorchNetwork(nn.Module):
    """Is torch's own recurrent network of the same size."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.readout = nn.RNN(2, 100, nonlinearity="relu", batch_first=True), nn.Linear(100, 1)

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.readout(self.rnn(x)[0][:, -1])
        return outputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as mgu-run does; all ways gain
    rows: list[dict[str, Any]] = []
    for batch in (20, 50, 100):
        seconds = in_turns(ways(batch), options.rounds, clock=time.process_time)
        rows += [
            {"batch": batch, "way": way, "to_torch": ratio(seconds, way, THEIRS), "seconds": describe(own)}
            for way, own in seconds.items()
        ]
    save("path_sgd", "step", configure("sgd"), rows)
    for row in rows:
        print(
            f"batch {row['batch']:3}  {row['way']:20} {1e3 * row['seconds']['median_s']:7.2f} ms  {row['to_torch']:.2f}"
        )


def ways(batch: int) -> dict[str, Callable[[], None]]:
    """Returns a step of each kind by name, each with a network of its own."""
    found: dict[str, Callable[[], None]] = {}
    for optimizer in ("sgd", "path_sgd"):
        resolved = resolve(configure(optimizer))
        learner = build_learner(resolved)
        found[optimizer] = stepping(resolved, learner.model, learner.optimizer, batch)
    theirs = TorchNetwork()
    found[THEIRS] = stepping(resolved, theirs, torch.optim.SGD(theirs.parameters(), 0.01), batch)
    return found


def stepping(
    resolved: ResolvedRun, model: nn.Module, optimizer: torch.optim.Optimizer, batch: int
) -> Callable[[], None]:
    """Returns a function that trains on other sequences every time."""
    data = resolved.splits.train
    step = Step(model, data, resolved.task, optimizer, options=build_step_options(resolved.config))
    return lambda: step(torch.randint(len(data), (batch,)))


def configure(optimizer: str) -> RunConfig:
    """Returns the configuration of a run."""
    from hydra import compose, initialize_config_dir

    from mgu.cli.compose import read_config

    words = [
        "dataset=adding",
        "dataset.num_train=5000",
        "layout=recurrent_relu",
        "norm=no_norm",
        "training.clip_norm=1",
    ]
    words += [f"optimizer={optimizer}", "energy.enabled=false", "device=cpu", f"runs_dir={Path('runs').resolve()}"]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        composed = compose("config", words, return_hydra_config=True)
    HydraConfig.instance().set_config(composed)
    return read_config(composed)


if __name__ == "__main__":
    main()
