"""The penalty on undecided gates: its value by hand, its schedule, its effect, and that nothing changes without it."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.config.run import RunConfig
from mgu.config.unit import DecisiveConfig
from mgu.errors import UserError
from mgu.factory.engine import check_engine
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import load_trained
from mgu.prune.pruned_unit import prune_unit
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from mgu.train.gate_penalty import GatePenalty
from mgu.unit.engine import Engine
from mgu.unit.settling import Over, Settling
from tests.conftest import Configure

UNIT = ("mgu=reference", "layout=digits_2", "training.epochs=3", "threads=1")


def by_hand(gates: dict[str, Tensor], over: str) -> Tensor:
    """m (1 - m), averaged, and summed over the gates."""
    total = torch.zeros((), dtype=torch.float64)
    for g in gates.values():  # (B, C, H, W)
        m = {"element": g, "channel": g.mean((0, 2, 3)), "gate": g.mean()}[over]
        total += (m * (1 - m)).mean()
    return total


@pytest.mark.parametrize("engine", ["eager", "packed", "native"])
@pytest.mark.parametrize("over", ["element", "channel", "gate"])
def test_penalty_and_its_gradient(engine: Engine, over: str) -> None:
    unit, x = MultiGatedUnit(nn.Conv2d(2, 3, 3), engine=engine).double(), torch.randn(4, 2, 6, 5).double()
    config = DecisiveConfig(weight=2.0, over=over, start=0.0, end=0.0)  # type: ignore[arg-type]
    penalty = GatePenalty(unit, config, steps=10)
    out = unit(x)
    value = penalty()
    (out.square().mean() + value).backward()
    ours = [parameter.grad.clone() for parameter in unit.parameters() if parameter.grad is not None]
    unit.zero_grad()
    unit.watch, unit.engine = None, "eager"
    expected = 2 * by_hand(unit.gates(x), over)
    (unit(x).square().mean() + expected).backward()
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(ours, [p.grad for p in unit.parameters() if p.grad is not None])


def test_schedule() -> None:
    unit = MultiGatedUnit(nn.Linear(2, 3))
    penalty = GatePenalty(unit, DecisiveConfig(weight=4.0, start=0.25, end=0.75), steps=8)
    weights, watched = [], []
    for _ in range(8):
        weights.append(penalty.weight)
        watched.append(unit.watch is not None)
        penalty()
    assert weights == [0, 0, 0, 1, 2, 3, 4, 4]
    assert watched == [weight > 0 for weight in weights]  # a unit shows its gates only when somebody looks
    assert GatePenalty(unit, penalty.config, steps=8, done=5).weight == 3
    assert [DecisiveConfig(weight=w, end=0.7).first_decided_epoch(10) for w in (0.0, 1.0)] == [1, 8]
    for percent in range(30, 101):  # 0.55 * 100 is more than 55
        decisive = DecisiveConfig(weight=1.0, end=percent / 100)
        assert decisive.first_decided_epoch(100) == min(percent + 1, 100)


def settling(over: Over, engine: Engine = "eager") -> MultiGatedUnit:
    """A unit in double precision whose gates settle, and have moved away from 1/2."""
    unit = MultiGatedUnit(nn.Conv2d(2, 3, 3), engine=engine).double()
    for gate in unit.gate_names:
        nn.init.normal_(cast(Tensor, unit.get_submodule(f"gate_transforms.{gate}").bias))
    unit.settling = Settling(unit.gate_names, unit.num_channels, unit.channel_axis, over, temperature=0.25).double()
    return unit


@pytest.mark.parametrize("engine", ["eager", "packed", "auto"])
@pytest.mark.parametrize("over", ["element", "channel", "gate"])
def test_settling_gates_are_the_sigmoid_of_a_sharpened_mean(over: Over, engine: Engine) -> None:
    unit, x = settling(over, engine), torch.randn(4, 2, 6, 5).double()
    seen: dict[str, Tensor] = {}
    assert unit.settling
    unit.watch, unit.settling.progress = seen.update, 0.5
    unit(x)
    for gate in unit.gate_names:
        z = unit.transform(gate)(x)
        m = {"element": z, "channel": z.mean((0, 2, 3), keepdim=True), "gate": z.mean()}[over]
        torch.testing.assert_close(seen[gate], torch.sigmoid((z / 2 + m / 2) / 0.5))  # 0.25^(1/2)
        if over != "element":  # one step of a tenth from zero
            torch.testing.assert_close(unit.settling.get_buffer(f"mean_{gate}").flatten(), m.flatten() / 10)


@pytest.mark.parametrize("over", ["channel", "gate"])
def test_what_has_settled_prunes_to_the_same_function(over: Over) -> None:
    unit, x = settling(over), torch.randn(4, 2, 6, 5).double()
    for _ in range(50):
        unit(x)
    unit.eval()
    constants = {gate: value.mean((0, 2, 3)) for gate, value in unit.gates(x).items()}
    elsewhere = torch.randn_like(x)
    torch.testing.assert_close(prune_unit(unit, constants)(elsewhere), unit(elsewhere))
    some = {gate: constants[gate] for gate in unit.gate_names[:2]}  # a gate that is left settles, too
    torch.testing.assert_close(prune_unit(unit, some)(elsewhere), unit(elsewhere))


@pytest.mark.slow
def test_gates_that_settle_through_a_run(configure: Configure) -> None:
    config = configure(*UNIT, "mgu.decisive.gates=settling", "mgu.decisive.start=0", "mgu.decisive.end=0.4")
    assert "settling" in config.name and config.identity != configure(*UNIT).identity
    run_folder(config).mkdir(parents=True)
    assert run(config).best_epoch == 3  # the first whole one in which they have settled
    trained = load_trained(run_folder(config))
    inputs, _ = trained.splits.val.batch(slice(0, 100))
    with torch.no_grad():
        assert all(gate.min() == gate.max() for gate in cast(Any, trained.model).blocks[0].gates(inputs).values())
    with pytest.raises(UserError, match="engine must be auto, eager or packed for gates that settle, but got native"):
        check_engine(resolve(config.model_copy(update={"engine": "native"})))


@pytest.mark.slow
def test_gates_become_decided_and_the_best_epoch_is_a_decided_one(configure: Configure) -> None:
    decided = configure(*UNIT, "mgu.decisive.weight=3", "mgu.decisive.start=0", "mgu.decisive.end=0.4")
    free = configure(*UNIT)
    assert decided.identity != free.identity and "decisive" in decided.name
    results, undecided = {}, {}
    for name, config in {"decided": decided, "free": free}.items():
        run_folder(config).mkdir(parents=True)
        results[name] = run(config)
        undecided[name] = _undecided(config)
    assert results["decided"].best_epoch == 3  # the first whole epoch under the full weight
    assert undecided["decided"] < 0.5 * undecided["free"]


@torch.no_grad()
def _undecided(config: RunConfig) -> float:
    """Mean of g (1 - g) over the gates of the trained model on validation images."""
    trained = load_trained(run_folder(config))
    inputs, _ = trained.splits.val.batch(slice(0, 100))
    values = []
    for unit in cast(Any, trained.model).blocks:
        values += [(g * (1 - g)).mean() for g in unit.gates(inputs).values()]
        inputs = unit(inputs)
    return torch.stack(values).mean().item()


def test_without_weight_nothing_changes(configure: Configure) -> None:
    shape = ("mgu=reference", "layout=digits_2")
    spelt = configure(*shape, "mgu.decisive.over=channel", "mgu.decisive.end=0.9", "mgu.decisive.temperature=0.5")
    assert spelt.identity == "003b0804"  # as before there was such a thing: runs on disk keep their names
    assert configure(*shape, "mgu.decisive.weight=1").identity == "45a72ded"
    with pytest.raises(UserError, match=r"start must not be after end"):
        configure(*UNIT, "mgu.decisive.start=0.9")


def test_a_decision_at_once_is_no_division_by_nothing() -> None:
    decisive = GatePenalty(nn.Identity(), DecisiveConfig(weight=1.0, start=0.5, end=0.5), steps=4)
    progress = []
    for _ in range(4):
        progress.append(decisive.progress)
        decisive()
    assert progress == [0.0, 0.0, 1.0, 1.0]
