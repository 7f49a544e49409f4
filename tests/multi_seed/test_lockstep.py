"""Seeds that are trained together come out as they do alone, and are runs like any other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from mgu.config.run import RunConfig
from mgu.data.images.images import Images
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.factory.augment import augment_training, build_augment_for
from mgu.factory.learner import build_fit_settings, build_learner
from mgu.factory.resolved_run import resolve
from mgu.measure import energy
from mgu.measure.estimate import ModelSize
from mgu.measure.slot import ALONE, Slot
from mgu.multi_seed import lockstep
from mgu.multi_seed import slot as slot_in_lockstep
from mgu.multi_seed.lockstep import train_in_lockstep
from mgu.results.events import EpochEnded, RunEvent
from mgu.results.on_disk.folder import find_state, run_folder
from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.result import Result
from mgu.run import execute
from mgu.run.execute import run
from mgu.run.worker import run_together
from mgu.sweep.seed_groups import group_seeds, lockstep_obstacle
from mgu.train import loop
from mgu.train.learner import Learner
from mgu.train.loop import Fit, fit
from tests.by_hand import ByHand
from tests.conftest import Command, Configure

SMALL = ("layout=digits_2", "training.epochs=2")
NORMS = ["bn_pre", "bn_post", "ln", "no_norm"]


@dataclass(frozen=True)
class Precise(Images):
    """Inputs in double precision, in which rounding decides nothing."""

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        inputs, targets = super().batch(index)
        return inputs.double(), targets


def train(config: RunConfig, place: Slot, kind: type[Images]) -> tuple[Fit, Learner]:
    """On 200 images, of which the last batch has 8."""
    resolved = resolve(config)
    learner, splits = build_learner(resolved), resolved.splits
    if kind is Precise:
        learner.model.double()
    few = splits.train.subset(torch.arange(200))
    few, validation = cast(Images, few), cast(Images, splits.val)
    train, val = (kind(part.pixels, part.labels, part.pixel_max) for part in (few, validation))
    splits = Splits(augment_training(train, build_augment_for(resolved)), val)
    shuffle = torch.Generator().manual_seed(config.seed)
    joined = learner._replace(model=place.join(learner.model, learner.optimizer))
    outcome = fit(joined, splits, build_fit_settings(config), shuffle=shuffle)
    return outcome, learner


def both_ways(
    configs: Sequence[RunConfig], kind: type[Images]
) -> list[tuple[tuple[Fit, Learner], tuple[Fit, Learner]]]:
    """Every run together with the others, and alone."""
    jointly = train_in_lockstep([partial(train, config, kind=kind) for config in configs])
    return [(joint, train(config, ALONE, kind)) for config, joint in zip(configs, jointly, strict=True)]


def timeless(outcome: Fit) -> list[dict[str, float]]:
    return [{name: value for name, value in row.items() if not name.endswith("_s")} for row in outcome.history]


def seeds(configure: Configure, count: int, *overrides: str) -> list[RunConfig]:
    return [configure(*SMALL, *overrides, f"seed={seed}") for seed in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        *([f"norm={norm}", f"residual={residual}"] for norm in NORMS for residual in ("with", "without")),
        *(["norm=ln", f"augment={kind}"] for kind in ("flip_crop", "randaugment", "mixup")),
        ["norm=ln", "optimizer=momentum"],
    ],
)
def test_weights_states_and_histories_are_those_of_solo_runs(words: list[str], configure: Configure) -> None:
    configs = seeds(configure, 3, *words)
    for (outcome, learner), (alone, solo) in both_ways(configs, Precise):
        # A bias before a batch norm has no gradient but rounding, of which Nadam makes steps.
        tolerance: dict[str, Any] = {"rtol": 1e-7, "atol": 1e-7 if "norm=bn_pre" in words else 1e-9}
        torch.testing.assert_close(learner.model.state_dict(), solo.model.state_dict(), **tolerance)
        torch.testing.assert_close(outcome.best_weights, alone.best_weights, **tolerance)
        ours, theirs = (each.optimizer.state_dict()["state"] for each in (learner, solo))
        torch.testing.assert_close(ours, theirs, **tolerance)
        for row, expected in zip(timeless(outcome), timeless(alone), strict=True):
            assert row == pytest.approx(expected, rel=1e-7)
        assert outcome.best_epoch == alone.best_epoch and len(outcome.history) == 2


@pytest.mark.parametrize("balanced", ["", "dataset.sampling=balanced", "dataset.class_weights=balanced"])
def test_in_single_precision_rounding_differs_and_no_more(balanced: str, configure: Configure) -> None:
    configs = seeds(configure, 3, "norm=ln", "training.epochs=1", *filter(None, [balanced]))
    for (outcome, learner), (alone, solo) in both_ways(configs, Images):
        assert outcome.history[0]["train_loss"] == pytest.approx(alone.history[0]["train_loss"], rel=1e-4)
        for name, weights in learner.model.state_dict().items():
            distance = (weights - solo.model.state_dict()[name]).norm() / solo.model.state_dict()[name].norm()
            assert distance < 1e-2, name


def test_a_run_that_ends_early_leaves_the_others(configure: Configure) -> None:
    configs = [
        configure(*SMALL, "norm=bn_post", f"seed={seed}", f"training.epochs={epochs}")
        for seed, epochs in enumerate((3, 1, 2))
    ]
    for (outcome, _), (alone, _) in both_ways(configs, Precise):
        for row, expected in zip(timeless(outcome), timeless(alone), strict=True):
            assert row == pytest.approx(expected, rel=1e-7)


def test_a_joint_failure_reaches_every_run_and_one_of_its_own_ends_all(configure: Configure) -> None:
    configs = seeds(configure, 2, "norm=ln")

    def caught(config: RunConfig, place: Slot) -> str:
        learner = build_learner(resolve(config))
        model = place.join(learner.model, learner.optimizer).train()
        try:
            model(torch.zeros(2 + config.seed, 1, 8, 8))  # batches of different sizes
        except RuntimeError as error:
            return f"{config.seed}: {type(error).__name__}"
        return "went on"

    runs = [lambda place, config=config: caught(config, place) for config in configs]
    assert train_in_lockstep(runs) == ["0: RuntimeError", "1: RuntimeError"]

    def fail(place: Slot) -> str:
        raise KeyError("of its own")

    with pytest.raises(KeyError, match="of its own"):
        train_in_lockstep([runs[0], fail])


class Interruption(BaseException):
    """As a signal: no `except Exception` may take it for a failure of the model."""


def interrupt(configs: Sequence[RunConfig], after_epoch: int) -> None:
    """When the last of them is through with it."""

    def send(message: RunEvent) -> None:
        match message:
            case RunEvent(index, EpochEnded(row)) if row["epoch"] == after_epoch and index == len(configs) - 1:
                raise Interruption

    with pytest.raises(Interruption):
        run_together(configs, send)


def of_experiment(name: str, configure: Configure, *overrides: str) -> list[RunConfig]:
    configs = seeds(configure, 3, "norm=ln", "training.epochs=3", f"experiment_name={name}", *overrides)
    for config in configs:
        run_folder(config).mkdir(parents=True)
    return configs


@pytest.mark.slow
def test_an_interrupted_group_goes_on_together_or_alone_and_an_interrupted_run_in_a_group(configure: Configure) -> None:
    whole = run_together(of_experiment("whole", configure))
    broken = of_experiment("broken", configure)
    interrupt(broken, 1)
    assert [find_state(config) for config in broken] == ["interrupted"] * 3
    assert (
        max((run_folder(config) / "checkpoint.pt").stat().st_size for config in broken) < 150_000
    )  # of one, not three
    alone = run(broken[0])
    together = run_together(broken[1:])
    for expected, result in zip(whole, [alone, *together], strict=True):
        assert (result.status, result.resumed, result.epochs, result.best_epoch) == ("ok", 1, 3, expected.best_epoch)
        assert (result.trained_together, result.contended) == (3, True)
        assert result.val and expected.val and result.val.loss == pytest.approx(expected.val.loss, rel=0.01)

    begun_alone = of_experiment("begun", configure)
    interrupt(begun_alone[:1], 1)
    mixed = run_together(begun_alone)
    assert [(result.status, result.resumed) for result in mixed] == [("ok", 1), ("ok", 0), ("ok", 0)]
    for expected, result in zip(whole, mixed, strict=True):
        assert result.val and expected.val and result.val.loss == pytest.approx(expected.val.loss, rel=0.01)


@pytest.mark.slow
def test_time_energy_and_logs_are_each_runs_own(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ByHand()
    clock.rule(monkeypatch, (energy, slot_in_lockstep, lockstep))
    for module, function, joint_or_own_s in (
        *((lockstep, "_forward", 3.0), (lockstep, "_backward", 6.0)),
        *((loop, "evaluate", 20.0), (execute, "evaluate_splits", 50.0)),
    ):
        clock.charge(monkeypatch, module, function, joint_or_own_s)
    configs = of_experiment("measured", configure, "energy.enabled=true", "threads=1")
    results = run_together(configs)
    passes = 3 * configs[0].training.steps_per_epoch(len(resolve(configs[0]).splits.train))
    for config, result in zip(configs, results, strict=True):
        rows = [json.loads(line) for line in _rows(config)]
        assert result.seconds and result.energy and result.contended
        assert result.seconds.train == pytest.approx(passes * (1.0 + 2.0) + 3 * 20.0)
        assert sum(row["train_s"] + row["evaluate_s"] for row in rows) == pytest.approx(result.seconds.train)
        spent = result.seconds.to_solution + result.seconds.checkpoint
        assert spent == pytest.approx(result.seconds.train + 50.0) == result.energy.tracked_s
    for config in configs:
        log = (run_folder(config) / "log.txt").read_text()
        assert log.count("training examples") == 1 and log.count("'epoch'") == 3 and config.name in log


def _rows(config: RunConfig) -> list[str]:
    header, *lines = (run_folder(config) / "history.csv").read_text().splitlines()
    return [json.dumps(dict(zip(header.split(","), map(float, line.split(",")), strict=True))) for line in lines]


def test_groups_are_of_one_configuration_and_no_larger_than_asked_for(configure: Configure) -> None:
    configs = [
        configure(*SMALL, "seeds_at_once=2", f"norm={norm}", f"seed={s}") for s in range(3) for norm in ("ln", "bn_pre")
    ]
    groups = group_seeds([*configs, configs[4]], lambda config: config.seed != 7)
    assert [[(c.norm and c.norm.name, c.seed) for c in group] for group in groups] == [
        [("ln", 0), ("ln", 1)],
        [("bn_pre", 0), ("bn_pre", 1)],
        [("ln", 2)],
        [("bn_pre", 2)],
        [("ln", 2)],  # the same once more: never twice in one group
    ]
    assert all(len(group) == 1 for group in group_seeds(configs, lambda config: False))


def test_without_greenlet_a_group_is_refused_and_a_single_run_is_not(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is trained: the parent process groups the runs."""
    monkeypatch.setattr("mgu.sweep.seed_groups.find_spec", lambda name: None)
    configs = [configure(*SMALL, "norm=ln", "seeds_at_once=2", f"seed={seed}") for seed in range(2)]
    with pytest.raises(UserError, match=r"must be 1 where .* greenlet is not installed, but got 2.*greenlet>=3.1"):
        group_seeds(configs, lambda config: True)
    assert group_seeds(configs, lambda config: False) == [[config] for config in configs]


@pytest.mark.slow
def test_greenlet_is_imported_by_the_first_slot_only() -> None:
    script = "import sys, mgu.multi_seed, mgu.run.worker; print('greenlet' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ("layout=dense_2", "models that are no convolutions of images"),
        ("layout=digits_2 engine=compiled", "compiled models"),
        ("layout=digits_2 mgu=reference", "units"),
        ("layout=digits_2", None),
    ],
)
def test_what_is_never_trained_together_says_why(choice: str, reason: str | None, configure: Configure) -> None:
    words = choice.split() + ["norm=ln"] * ("mgu" not in choice)
    found = lockstep_obstacle(configure(*words), ModelSize("cpu (1 thread)", 1000, 1000))
    assert found is None if reason is None else found and found.startswith(reason)


def results_of(folder: Path) -> dict[str, Result]:
    return {(result := read_result(file)).name: result for file in folder.rglob("result.json")}


@pytest.mark.slow
def test_a_sweep_trains_together_what_may_be_and_the_rest_alone(mgu_run: Command, tmp_path: Path) -> None:
    words = ("-m", "+experiment=digits", "training.epochs=1", "energy.enabled=false", "threads=1", "seeds_at_once=3")
    first = mgu_run(*words, "layout=digits_2", "norm=ln", "residual=without", "seed=1")
    assert first.returncode == 0 and "trained together" not in first.stdout, first
    done = mgu_run(*words, "layout=digits_2", "mgu=without,reference", "norm=ln", "residual=without", "seed=range(5)")
    assert done.returncode == 2 and "norm" in done.stderr  # two grids: not in one product
    done = mgu_run(*words, "layout=digits_2,digits_4", "norm=ln", "residual=without", "seed=range(5)")
    assert done.returncode == 0 and "10 runs: 10 ok" in done.stdout, done
    assert "one seed after the other: models of over 400,000 FLOPs" in done.stdout
    together = {name: result.trained_together for name, result in results_of(tmp_path).items()}
    assert together == {f"digits_2-ln-s{s}": 1 if s in (1, 4) else 3 for s in range(5)} | {
        f"digits_4-ln-s{s}": 1 for s in range(5)
    }
    assert done.stdout.count("contended  one of 3 trained together") == 3 and done.stdout.count("was there") == 1
    unit = mgu_run(*words, "layout=digits_2", "mgu=reference", "seed=0,1")
    assert unit.returncode == 0 and "one seed after the other: units" in unit.stdout, unit


@pytest.mark.slow
def test_what_ends_their_process_is_told_of_each(mgu_run: Command, tmp_path: Path) -> None:
    words = ("-m", "layout=digits_2", "norm=ln", "seed=0,1", "seeds_at_once=2", "energy.enabled=false", "threads=1")
    slow = ("training.epochs=100000", "training.patience=100000", "training.timeout=2")
    done = mgu_run(*words, *slow)
    assert done.returncode == 1 and "2 of 2 runs failed" in done.stderr, done
    results = results_of(tmp_path)
    assert len(results) == 2 and all(result.status == "failed" for result in results.values())
    reason = "longer than training.timeout=2 s for each of 2 runs that were trained together"
    assert all(reason in (result.error or "") for result in results.values())
