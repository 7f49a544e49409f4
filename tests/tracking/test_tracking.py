"""TensorBoard and MLflow: what was told is read back with their own readers, and their trouble stops no training."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
import time
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.schema.result import Result
from mgu.tracking import trackers as trackers_module
from mgu.tracking.mlflow import RUN_ID_FILE, MlflowTracker
from mgu.tracking.tensorboard import TensorBoardTracker
from mgu.tracking.trackers import Trackers, build_trackers, check_installed
from tests.conftest import Configure
from tests.examples import example_result


def row(epoch: int, loss: float = 0.5) -> dict[str, float]:
    return {"epoch": epoch, "lr": 0.01, "train_loss": loss, "val_accuracy": 0.1 * epoch, "train_s": 1.5}


def tell(tracker: Any, epochs: range, result: Result | None = None) -> None:
    """One call of the command: `epochs` of training, then the end or an interruption."""
    with tracker:
        for epoch in epochs:
            tracker.epoch(row(epoch))
        if result:
            tracker.finish(result)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's own folder."""
    made = tmp_path / "runs" / "single" / "digits_3-bn_pre-s0-01234567"
    made.mkdir(parents=True)
    return made


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One for all tests, for MLflow takes seconds to make one."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def mlflow_config(configure: Configure, database: str, request: pytest.FixtureRequest) -> RunConfig:
    """Every test has an experiment of its own."""
    return configure("mlflow=with", f"mlflow.tracking_uri={database}", f"experiment_name={request.node.name}")


def curves(log_dir: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(log_dir), size_guidance={"scalars": 0})
    reader.Reload()
    return reader


def steps(log_dir: Path, tag: str) -> list[int]:
    return [scalar.step for scalar in curves(log_dir).Scalars(tag)]


def mlflow_client(config: RunConfig) -> Any:
    from mlflow.tracking import MlflowClient

    assert config.mlflow
    return MlflowClient(tracking_uri=config.mlflow.tracking_uri)


def mlflow_runs(config: RunConfig) -> list[Any]:
    """Those of the experiment, the latest first."""
    client = mlflow_client(config)
    return list(client.search_runs([client.get_experiment_by_name(config.experiment_name).experiment_id]))


def epochs_in(config: RunConfig, run: Any) -> list[int]:
    return [metric.step for metric in mlflow_client(config).get_metric_history(run.info.run_id, "history/train_loss")]


def test_none_is_on_unless_asked_for(configure: Configure, folder: Path) -> None:
    tell(build_trackers(configure(), folder), range(1, 3), example_result())
    assert build_trackers(configure(), folder).on == [] and list(folder.iterdir()) == []
    both = build_trackers(configure("tensorboard=with", "mlflow=with"), folder)
    assert [type(tracker) for tracker in both.on] == [TensorBoardTracker, MlflowTracker]


def test_heavy_packages_are_imported_only_where_they_are_on() -> None:
    code = "import sys, mgu.tracking.trackers; print({'tensorboard', 'mlflow', 'torch'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


def test_tensorboard_has_history_result_and_hyperparameters(configure: Configure, folder: Path) -> None:
    tell(build_trackers(configure("tensorboard=with"), folder), range(1, 4), example_result(epochs=3))
    reader = curves(folder / "tensorboard")
    losses = reader.Scalars("history/train_loss")
    assert [(scalar.step, scalar.value) for scalar in losses] == [(1, 0.5), (2, 0.5), (3, 0.5)]
    assert reader.Scalars("result/val_accuracy")[0].value == pytest.approx(0.9)
    assert reader.Scalars("result/cpu_wh_model")[0].value == pytest.approx(1.0)
    assert reader.Tensors("result/status")[0].tensor_proto.string_val == [b"ok"]
    assert b"optimizer.lr" in reader.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert "history/epoch" not in reader.Tags()["scalars"] and "result/gpu_wh_none" not in reader.Tags()["scalars"]


def test_tensorboard_goes_on_where_a_run_was_interrupted(configure: Configure, folder: Path) -> None:
    config = configure("tensorboard=with")
    tell(TensorBoardTracker(config, folder), range(1, 5))
    time.sleep(1.1)  # names of files, in whose order they are read, count seconds
    tell(TensorBoardTracker(config, folder), range(4, 7), example_result(epochs=6))  # the fourth was not kept
    assert steps(folder / "tensorboard", "history/train_loss") == [1, 2, 3, 4, 5, 6]


def test_tensorboard_tells_a_run_anew_that_is_trained_again(configure: Configure, folder: Path) -> None:
    config = configure("tensorboard=with")
    tell(TensorBoardTracker(config, folder), range(1, 5), example_result(epochs=4))
    tell(TensorBoardTracker(config, folder), range(1, 3), example_result(epochs=2))
    assert steps(folder / "tensorboard", "history/train_loss") == [1, 2]
    assert steps(folder / "tensorboard", "result/val_accuracy") == [2]


def test_tensorboard_keeps_the_history_of_a_run_that_had_only_to_be_evaluated(
    configure: Configure, folder: Path
) -> None:
    config = configure("tensorboard=with")
    tell(TensorBoardTracker(config, folder), range(1, 3))
    (folder / "history.csv").touch()
    tell(TensorBoardTracker(config, folder), range(0), example_result(epochs=2))
    assert steps(folder / "tensorboard", "history/train_loss") == [1, 2]
    assert steps(folder / "tensorboard", "result/val_accuracy") == [2]


def test_tensorboard_can_write_elsewhere_each_run_to_its_own_folder(
    configure: Configure, folder: Path, tmp_path: Path
) -> None:
    config = configure("tensorboard=with", f"tensorboard.dir={tmp_path}/curves")
    tell(TensorBoardTracker(config, folder), range(1, 2))
    assert steps(tmp_path / "curves" / "single" / folder.name, "history/lr") == [1]
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_mlflow_has_params_history_and_result(mlflow_config: RunConfig, folder: Path) -> None:
    tell(build_trackers(mlflow_config, folder), range(1, 4), example_result(epochs=3))
    (run,) = mlflow_runs(mlflow_config)
    assert (run.info.run_name, run.info.status) == (mlflow_config.name, "FINISHED")
    assert run.data.params["optimizer.lr"] == "0.01" and run.data.params["dataset.image_shape"] == "[1, 8, 8]"
    assert not [name for name in run.data.params if name.startswith(("mlflow", "tensorboard"))]
    assert epochs_in(mlflow_config, run) == [1, 2, 3]
    assert run.data.metrics["history/val_accuracy"] == pytest.approx(0.3)
    assert run.data.metrics["result/val_accuracy"] == 0.9 and run.data.metrics["result/cpu_wh_model"] == 1.0
    assert run.data.metrics["result/to_solution_s"] == 20.0 and "result/gpu_wh_none" not in run.data.metrics
    assert run.data.tags["mgu.status"] == "ok" and run.data.tags["mgu.identity"] == mlflow_config.identity


@pytest.mark.slow
def test_mlflow_goes_on_with_an_interrupted_run(mlflow_config: RunConfig, folder: Path) -> None:
    tell(MlflowTracker(mlflow_config, folder), range(1, 5))
    (run,) = mlflow_runs(mlflow_config)
    assert run.info.status == "KILLED"
    tell(MlflowTracker(mlflow_config, folder), range(4, 7), example_result(epochs=6))  # the fourth was not kept
    (run,) = mlflow_runs(mlflow_config)
    assert run.info.status == "FINISHED" and epochs_in(mlflow_config, run) == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_mlflow_makes_another_run_for_one_that_is_trained_again(mlflow_config: RunConfig, folder: Path) -> None:
    killed = MlflowTracker(mlflow_config, folder).__enter__()
    killed.epoch(row(1))  # and then its process ends, without a word
    tell(MlflowTracker(mlflow_config, folder), range(1, 3), example_result(status="failed", error="OSError: x"))
    last, first = mlflow_runs(mlflow_config)
    assert (first.info.status, last.info.status) == ("KILLED", "FAILED") and last.data.tags["mgu.error"] == "OSError: x"
    assert epochs_in(mlflow_config, last) == [1, 2]


def test_mlflow_makes_another_run_where_its_own_is_gone(mlflow_config: RunConfig, folder: Path) -> None:
    tell(MlflowTracker(mlflow_config, folder), range(1, 3))
    (run,) = mlflow_runs(mlflow_config)
    mlflow_client(mlflow_config).delete_run(run.info.run_id)
    tell(MlflowTracker(mlflow_config, folder), range(3, 4))
    (folder / RUN_ID_FILE).write_text("0" * 32)
    tell(MlflowTracker(mlflow_config, folder), range(4, 5))
    last, first = mlflow_runs(mlflow_config)
    assert (epochs_in(mlflow_config, first), epochs_in(mlflow_config, last)) == ([3], [4])


def test_losses_that_are_not_finite_are_survived(mlflow_config: RunConfig, configure: Configure, folder: Path) -> None:
    both = Trackers([MlflowTracker(mlflow_config, folder), TensorBoardTracker(configure("tensorboard=with"), folder)])
    with both:
        both.epoch(row(1, loss=math.inf))
        both.epoch(row(2, loss=math.nan))
        both.finish(example_result(status="diverged", val_accuracy=None, best_epoch=None, epochs=2))
        assert len(both.on) == 2
    (run,) = mlflow_runs(mlflow_config)
    losses = mlflow_client(mlflow_config).get_metric_history(run.info.run_id, "history/train_loss")
    assert [math.isnan(loss.value) for loss in losses] == [True, True] and run.data.metrics["history/lr"] == 0.01
    assert run.data.tags["mgu.status"] == "diverged" and "result/val_accuracy" not in run.data.metrics
    values = [scalar.value for scalar in curves(folder / "tensorboard").Scalars("history/train_loss")]
    assert values[0] == math.inf and math.isnan(values[1])


def test_mlflow_takes_a_plain_folder_too(configure: Configure, folder: Path, tmp_path: Path) -> None:
    config = configure("mlflow=with", f"mlflow.tracking_uri={tmp_path}/store")
    tell(build_trackers(config, folder), range(1, 3), example_result())
    (run,) = mlflow_runs(config)
    assert epochs_in(config, run) == [1, 2] and run.data.metrics["result/val_accuracy"] == 0.9


def test_where_mlflow_logs(configure: Configure, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = configure("mlflow=with")
    assert MlflowTracker(config, folder).uri == f"sqlite:///{folder.parents[1]}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://named.example")
    assert MlflowTracker(config, folder).uri == "http://named.example"
    config = configure("mlflow=with", "mlflow.tracking_uri=http://configured.example")
    assert MlflowTracker(config, folder).uri == "http://configured.example"


def test_a_server_that_is_gone_is_named_once_and_the_others_go_on(
    configure: Configure, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    config = configure("mlflow=with", "tensorboard=with", "mlflow.tracking_uri=http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, logger="mgu"):
        tell(build_trackers(config, folder), range(1, 4), example_result())
    messages = [record.getMessage() for record in caplog.records if record.name == "mgu"]
    assert len(messages) == 1 and messages[0].startswith("MlflowTracker is off for the rest of this run: ")
    assert steps(folder / "tensorboard", "history/train_loss") == [1, 2, 3]


def test_a_missing_package_is_named_with_its_extra(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure("tensorboard=with", "mlflow=with")
    check_installed(config)

    def find(name: str) -> ModuleSpec | None:
        return None if name in ("tensorboard", "sqlalchemy") else find_spec(name)

    monkeypatch.setattr(trackers_module, "find_spec", find)
    check_installed(configure())
    with pytest.raises(UserError) as caught:
        check_installed(config)
    assert str(caught.value).splitlines() == [
        "tensorboard=with must have the package tensorboard, but it is not installed. "
        "Install it with `make extra-tensorboard` in a checkout, elsewhere with `pip install 'tensorboard>=2.18'`.",
        "mlflow=with must have the package sqlalchemy, but it is not installed. "
        "Install it with `make extra-mlflow` in a checkout, elsewhere with "
        "`pip install 'alembic>=1.13' 'mlflow-skinny<4,>=3.1' 'sqlalchemy>=2'`.",
    ]
