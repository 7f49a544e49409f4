"""`mgu-run check`: what it prints of every kind of data, that it leaves nothing, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from mgu.cli.check import describe_dry_run
from mgu.results.dry_run import DryRun
from mgu.run.dry_run import dry_run
from tests.conftest import Command, compose_run
from tests.factory.matrix import Matrix

DATA = ("named images", "images held out", "cases", "regression", "classification", "ranking", "ratings",
        "factors, ranking", "images of a function", "quantities of a function", "own images")  # fmt: skip


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("matrix"))


@pytest.mark.parametrize("data", DATA)
def test_every_kind_of_data_is_tried_and_leaves_nothing(
    data: str, matrix: Matrix, tmp_path: Path, decoded_apart: None
) -> None:
    config = compose_run(tmp_path / "runs", *matrix.kinds_of_data()[data], "threads=1", "training.batch_size=16")
    outcome = dry_run(lambda event: None, config)
    assert outcome.name == config.name and outcome.identity == config.identity
    assert min(outcome.examples.values()) > 0 and list(outcome.examples)[:2] == ["train", "val"]
    assert len(outcome.losses) == 2 and all(0 < loss < 1e3 for loss in (*outcome.losses, outcome.val_loss))
    assert outcome.step_s > 0 and 1 <= outcome.timed_steps <= 9 and outcome.params > 0
    steps = -(-outcome.examples["train"] // 16)
    assert outcome.run_s > 100 * steps * outcome.step_s  # 100 epochs of steps, and the evaluations
    assert not (tmp_path / "runs").exists()
    shown = "\n".join(describe_dry_run(outcome, 100))
    assert "measured: " in shown and "for 100 epochs, estimated from it" in shown


def test_the_words_of_a_dry_run() -> None:
    outcome = DryRun(
        name="Net-s0", identity="01234567", device="cpu", data="my.load@1234", task="regression",
        examples={"train": 1200, "val": 30}, input_shape=[5], num_outputs=1, num_classes=None, params=2410, flops=None,
        losses=[1.5, 1.25], val_loss=2.0, step_s=0.0123, timed_steps=9, evaluate_s=0.1, run_s=75.0, notes=["Note."],
    )  # fmt: skip
    assert describe_dry_run(outcome, 10) == [
        "run       Net-s0 (01234567) on cpu",
        "data      my.load@1234, regression",
        "examples  1,200 train, 30 val",
        "input     (5)",
        "output    1 number",
        "model     2.41K trainable parameters, - FLOPs per sample",
        "loss      1.5, 1.25 on two training batches, then 2 on one of validation",
        "a step    12.3 ms, measured: the median of 9 steps",
        "the run   1 min 15 s for 10 epochs, estimated from it, without start-up",
        "Note.",
    ]
    alone = describe_dry_run(replace(outcome, timed_steps=1), 10)
    assert "a step    12.3 ms, measured: one step" in alone


def test_the_command_prints_json_and_writes_nothing(mgu_run: Command, tmp_path: Path) -> None:
    done = mgu_run("check", "layout=digits_2", "--format", "json", "norm=ln")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["num_classes"] == 10 and outcome["examples"] == {"train": 1437, "val": 360}
    assert not list(tmp_path.rglob("runs*"))


def test_a_loss_that_is_not_finite_is_told(mgu_run: Command) -> None:
    done = mgu_run("check", "layout=digits_2", "norm=no_norm", "optimizer.lr=1e30")
    assert done.returncode == 0 and "the loss is not finite after a few batches" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-m", "seed=0,1"], "mgu-run check must be of one run, but got -m."),
        (["seed=0,1"], "one run must have one value of each key"),
        (["layout=digits_9"], "Did you mean digits_4?"),
        (["dataset=python", "dataset.target=nowhere:load"], "dataset.target must be in a module that can be found"),
        (["--frmt", "json"], "that mgu-run check --help or --hydra-help lists, but got --frmt. Did you mean --format?"),
    ],
)
def test_what_is_refused(words: list[str], message: str, mgu_run: Command) -> None:
    done = mgu_run("check", *words)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_no_step_is_tried_beyond_the_last_one_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that falls to 0 at the end is below 0 after it, and had been refused for that."""
    (tmp_path / "falling.py").write_text("def linear(step, num_steps):\n    return 1 - step / num_steps\n")
    monkeypatch.syspath_prepend(tmp_path)
    own = ["schedule=python", "schedule.target=falling:linear", "training.epochs=2", "training.batch_size=512"]
    outcome = dry_run(lambda event: None, compose_run(tmp_path / "runs", *own, "layout=digits_2", "norm=ln"))
    assert outcome.timed_steps == 5  # of 2 epochs of 3 steps all but the first
