"""A training step of the dense equilibrium, in turns with the same equation in torchdeq with exact implicit gradients.

    uv pip install --no-deps torchdeq==0.1.0   # not a dependency of the package
    python benchmarks/equilibrium_step.py [--rounds 20] [--batch 128] [--tolerance 1e-3]

A step is forward and backward of layer and read-out on random images, the norm of W held below its bound by the same
code in every way. Both stop at the same relative residual; times are processor time of one thread. torchdeq's default,
a one-step gradient, is not timed: it is no implicit gradient. Gradients are compared with those at a tolerance of 2e-7,
near the limit of single precision.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from statistics import median
from typing import Any, cast

import torch
import torch.nn.functional as F
from models import configure
from rounds import add_rounds
from side_by_side import in_turns, ratio, save
from torch import Tensor, nn

from mgu.equilibrium.layer import Equilibrium, dense_equilibrium
from mgu.equilibrium.operator import BoundedLinear
from mgu.equilibrium.settings import Settings

FINER = "mgu, a quarter of the tolerance"
SOLVERS = ("fixed_point_iter", "anderson", "broyden")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=20, least=1)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    if not find_spec("torchdeq"):
        sys.exit("torchdeq must be installed, but is not. Call uv pip install --no-deps torchdeq==0.1.0.")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    settings = Settings(tolerance=options.tolerance, max_iterations=500)
    layer, readout = dense_equilibrium(784, 95, settings), nn.Linear(95, 10)
    x, labels = torch.rand(options.batch, 784), torch.randint(10, (options.batch,))
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "mgu": layer,
        FINER: finer(layer),
        **{f"torchdeq {name}": peer_step(layer, name, options) for name in SOLVERS},
    }

    def step(forward: Callable[[Tensor], Tensor]) -> Tensor:
        for parameter in (*layer.parameters(), *readout.parameters()):
            parameter.grad = None
        F.cross_entropy(readout(forward(x)), labels).backward()
        return torch.cat([cast(Tensor, parameter.grad).flatten() for parameter in layer.parameters()])

    train(layer, readout, x, labels)
    state = {name: value.clone() for name, value in layer.state_dict().items()}
    exact = exact_gradient(layer, step)
    seconds = in_turns({name: partial(step, way) for name, way in ways.items()}, options.rounds, 2, time.process_time)
    layer.load_state_dict(state)
    rows: list[dict[str, Any]] = []
    for name, way in ways.items():
        layer.load_state_dict(state)
        error = float((step(way) - exact).norm() / exact.norm())
        rows.append({"way": name, "step_cpu_ms": 1e3 * median(seconds[name]), "ratio": ratio(seconds, name, "mgu"),
                     "error": error, "batch": options.batch,
                     "tolerance": options.tolerance, "rounds": options.rounds})  # fmt: skip
        print(rows[-1], flush=True)
    save("equilibrium", "step", configure("equilibrium_dense", "dataset=mnist", "norm=no_norm"), rows)


def finer(layer: Equilibrium) -> Callable[[Tensor], Tensor]:
    """The layer with a quarter of its tolerance, at which its gradient is as exact as torchdeq's at the whole."""
    settings = layer.settings

    def forward(x: Tensor) -> Tensor:
        layer.settings = settings._replace(tolerance=settings.tolerance / 4)
        z: Tensor = layer(x)
        layer.settings = settings
        return z

    return forward


def peer_step(layer: Equilibrium, solver: str, options: argparse.Namespace) -> Callable[[Tensor], Tensor]:
    """The same equation and weights, solved forward and backward by torchdeq."""
    from torchdeq import get_deq

    deq = get_deq(
        f_solver=solver, b_solver=solver, ift=True, f_max_iter=500, b_max_iter=500,
        f_tol=options.tolerance, b_tol=options.tolerance, f_stop_mode="rel", b_stop_mode="rel",
    )  # fmt: skip
    operator = layer.operators[0]
    assert isinstance(operator, BoundedLinear)

    def forward(x: Tensor) -> Tensor:
        weight, c = operator(), layer.injection(x)
        found: list[Tensor]
        found, _ = deq(lambda z: F.relu(F.linear(z, weight, None) + c) @ weight, F.relu(c.detach()) @ weight.detach())
        return found[-1]

    return forward


def train(layer: Equilibrium, readout: nn.Linear, x: Tensor, labels: Tensor) -> None:
    """A hundred steps, after which the norm of W is at its bound."""
    optimizer = torch.optim.Adam([*layer.parameters(), *readout.parameters()], 3e-3)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(readout(layer(x)), labels).backward()
        optimizer.step()


def exact_gradient(layer: Equilibrium, step: Callable[[Callable[[Tensor], Tensor]], Tensor]) -> Tensor:
    """The gradient with iterations to 2e-7, near the limit of single precision."""
    settings, layer.settings = layer.settings, layer.settings._replace(tolerance=2e-7, max_iterations=5000)
    state = {name: value.clone() for name, value in layer.state_dict().items()}
    gradient = step(layer)
    layer.settings = settings
    layer.load_state_dict(state)
    return gradient


if __name__ == "__main__":
    main()
