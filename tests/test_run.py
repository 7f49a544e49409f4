"""One run, in this process: its windows, its status, and what a second call does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgu import run as run_module
from mgu.errors import UserError
from mgu.evidence import run_folder
from mgu.results import read_result
from mgu.run import run
from tests.conftest import Configure

QUICK = ("layout=digits_2", "training.epochs=2", "norm=ln")


def test_energy_is_tracked_over_the_time_to_solution_and_not_the_set_up(configure: Configure) -> None:
    result, was_there = run(configure(*QUICK, "energy.enabled=true"), quiet=True)
    assert not was_there and result.seconds and result.energy
    assert result.energy.tracked_s == pytest.approx(result.seconds.to_solution, abs=0.2)
    assert result.seconds.setup > 0 and result.seconds.train > result.seconds.evaluate > 0


def test_a_diverged_run_is_a_result(configure: Configure) -> None:
    config = configure(*QUICK, "optimizer.lr=1e30")
    result, _ = run(config, quiet=True)
    assert result.status == "diverged" and result.epochs == 1 and result.best_epoch is None and result.val is None
    assert read_result(run_folder(config) / "result.json") == result
    assert run(config, quiet=True)[1]  # it stands: it is not trained again


def test_force_trains_again_and_leaves_nothing_of_the_first_time(configure: Configure) -> None:
    config = configure(*QUICK, "force=true")
    run(config, quiet=True)
    stale = run_folder(config) / "weights.safetensors"
    assert stale.exists()
    stale.write_text("stale")
    result, was_there = run(config, quiet=True)
    assert not was_there and stale.stat().st_size > 1000 and result.status == "ok"


def test_a_failure_is_recorded_with_its_traceback_and_tried_again(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*arguments: object, **keywords: object) -> None:
        raise RuntimeError("the GPU is on fire")

    config = configure(*QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "fit", explode)
        result, _ = run(config, quiet=True)
    assert result.status == "failed" and result.error == "RuntimeError: the GPU is on fire"
    assert "Traceback" in (run_folder(config) / "log.txt").read_text()
    again, was_there = run(config, quiet=True)
    assert again.status == "ok" and not was_there


def test_a_mistake_with_force_keeps_what_was_done(configure: Configure) -> None:
    done, _ = run(configure(*QUICK), quiet=True)
    with pytest.raises(UserError, match=r"energy\.country"):
        run(configure(*QUICK, "force=true", "energy.enabled=true", "energy.country=XXX"), quiet=True)
    assert run(configure(*QUICK), quiet=True) == (done, True)
    assert (run_folder(configure(*QUICK)) / "weights.safetensors").exists()


def test_a_reader_that_leaves_is_no_outcome(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mgu-run ... | head` must not go down in the tables as a model that failed."""

    def leave(*arguments: object, **keywords: object) -> None:
        raise BrokenPipeError

    config = configure(*QUICK)
    monkeypatch.setattr(run_module, "fit", leave)
    with pytest.raises(BrokenPipeError):
        run(config, quiet=True)
    assert not run_folder(config).exists()


def test_an_interrupted_run_leaves_no_result(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **keywords: object) -> None:
        raise KeyboardInterrupt

    config = configure(*QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "evaluate", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(config, quiet=True)
    assert not (run_folder(config) / "result.json").exists()
    assert len((run_folder(config) / "history.csv").read_text().splitlines()) == 3


def test_a_run_without_energy_is_done_again_when_energy_is_wanted(configure: Configure) -> None:
    run(configure(*QUICK), quiet=True)
    result, was_there = run(configure(*QUICK, "energy.enabled=true"), quiet=True)
    assert not was_there and result.energy is not None
    assert run(configure(*QUICK), quiet=True)[1]


def test_the_weights_are_those_that_were_reported(configure: Configure) -> None:
    from safetensors.torch import load_file

    from mgu.build import build_model, build_splits
    from mgu.tasks.classification import Classification
    from mgu.train.loop import evaluate

    config = configure(*QUICK)
    result, _ = run(config, quiet=True)
    model = build_model(config)
    model.load_state_dict(load_file(Path(run_folder(config), "weights.safetensors")))
    assert result.val and evaluate(model, build_splits(config).val, Classification(10), 1000)[
        "accuracy"
    ] == pytest.approx(result.val.accuracy)
