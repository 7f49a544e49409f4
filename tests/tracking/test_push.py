"""Runs that are over reach TensorBoard and MLflow afterwards: with the content of a run that was followed, and once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mgu.cli.push import main
from mgu.config.run import RunConfig
from mgu.errors import RunsFailed, UserError
from mgu.results.on_disk.record import write_history
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import load_results
from mgu.results.runs.pack_runs import pack_runs
from mgu.tracking.tensorboard import TensorBoardTracker
from tests.conftest import Configure
from tests.examples import example_result
from tests.tracking.test_tracking import curves, epochs_in, mlflow_client, mlflow_runs, row, tell

EPOCHS = range(1, 4)


@pytest.fixture
def over(configure: Configure, tmp_path: Path) -> Path:
    """The folder of a run that nobody followed."""
    return leave(configure(), tmp_path / "runs" / "trial" / "digits_3-bn_pre-s0-01234567")


def leave(config: RunConfig, folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump()))
    write_history(folder, [row(epoch) for epoch in EPOCHS])
    values = {"name": config.name, "config": json.loads(config.model_dump_json()), "epochs": 3, "best_epoch": 2}
    write_result(folder, example_result(**(values | changes)))
    return folder


def content(log_dir: Path) -> dict[str, Any]:
    """All that TensorBoard shows of a run, but for the time of day."""
    reader = curves(log_dir)
    tags = reader.Tags()
    scalars = {tag: [(own.step, own.value) for own in reader.Scalars(tag)] for tag in tags["scalars"]}
    texts = {tag: [own.tensor_proto.string_val for own in reader.Tensors(tag)] for tag in tags["tensors"]}
    hparams = reader.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    return {"scalars": scalars, "texts": texts, "keys": b"optimizer.lr" in hparams}


def test_tensorboard_gets_what_it_would_have_got_live(configure: Configure, over: Path, tmp_path: Path) -> None:
    result = example_result(name=configure().name, config=configure().model_dump(mode="json"), epochs=3, best_epoch=2)
    live = configure("tensorboard=with", f"tensorboard.dir={tmp_path}/live")
    tell(TensorBoardTracker(live, over), EPOCHS, result)
    main([str(tmp_path / "runs"), "--to", "tensorboard", "--dir", str(tmp_path / "pushed")])
    own = Path("trial") / over.name
    assert content(tmp_path / "pushed" / own) == content(tmp_path / "live" / own)


def test_a_second_push_adds_nothing_and_a_new_result_replaces_the_old(
    over: Path, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        main([str(over), "--to", "tensorboard"])
    assert capsys.readouterr().out.splitlines() == [
        "1 run to tensorboard: 1 pushed", "1 run to tensorboard: 1 there already",
    ]  # fmt: skip
    assert len(list((over / "tensorboard").glob("events*"))) == 1
    shutil.move(over / "tensorboard", over.parent / "kept")
    shutil.rmtree(over)
    leave(configure(), over, val_accuracy=0.5)
    shutil.move(over.parent / "kept", over / "tensorboard")
    main([str(over), "--to", "tensorboard"])
    scores = curves(over / "tensorboard").Scalars("result/val_accuracy")
    assert [score.value for score in scores] == [0.5]


def test_a_run_that_was_followed_is_there(configure: Configure, over: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mgu.results.on_disk.result_file import read_result

    tell(TensorBoardTracker(configure("tensorboard=with"), over), EPOCHS, read_result(over / "result.json"))
    main([str(over), "--to", "tensorboard"])
    (over / "tensorboard" / "mgu-result.txt").unlink()  # as an earlier version left it
    main([str(over), "--to", "tensorboard"])
    assert capsys.readouterr().out.count("1 there already") == 2


def test_one_that_broke_off_is_pushed_whole(configure: Configure, over: Path) -> None:
    tell(TensorBoardTracker(configure("tensorboard=with"), over), range(1, 3))  # and then it was killed
    main([str(over), "--to", "tensorboard"])
    assert [own.step for own in curves(over / "tensorboard").Scalars("history/train_loss")] == [1, 2, 3]


def test_mlflow_gets_each_run_once(over: Path, configure: Configure, tmp_path: Path) -> None:
    store = f"{tmp_path}/store"
    leave(configure("seed=1"), over.parent / "digits_3-bn_pre-s1-89abcdef", status="failed", error="OSError: x")
    for _ in range(2):
        main([str(tmp_path / "runs"), "--to", "mlflow", "--uri", store])
    config = configure("mlflow=with", f"mlflow.tracking_uri={store}")
    runs = {run.info.status: run for run in mlflow_runs(config)}
    assert len(mlflow_runs(config)) == 2 and set(runs) == {"FINISHED", "FAILED"}
    assert epochs_in(config, runs["FINISHED"]) == [1, 2, 3]
    assert runs["FINISHED"].data.metrics["result/val_accuracy"] == 0.9
    assert runs["FINISHED"].data.params["optimizer.lr"] == "0.01"
    assert mlflow_client(config)


def test_what_cannot_be_pushed_is_named_and_the_others_are(
    over: Path, configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = leave(configure("seed=1"), over.parent / "digits_3-bn_pre-s1-89abcdef", name="second-s1")
    (torn / "history.csv").write_text("epoch,loss\n1,no number\n")
    (over.parent / "empty").mkdir()
    (over.parent / "empty" / "result.json").write_text("{")
    with pytest.raises(RunsFailed, match="2 runs could not be pushed"):
        main([str(tmp_path / "runs"), "--to", "tensorboard"])
    shown = capsys.readouterr()
    assert "3 runs to tensorboard: 1 pushed, 2 not pushed" in shown.out
    assert "second-s1 could not be pushed: its history.csv cannot be read" in shown.err and "skipped" in shown.err


def test_packed_runs_are_pushed_whole_and_known_again(
    over: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(over), "--to", "tensorboard", "--dir", str(tmp_path / "live")])
    packed = str(pack_runs(load_results([over]).runs, tmp_path / "results").path)
    with pytest.raises(UserError, match="--dir must be given for packed runs"):
        main([packed, "--to", "tensorboard"])
    (run,) = load_results([Path(packed)]).runs
    main([packed, "--to", "tensorboard", "--dir", str(tmp_path / "pushed")])
    own = f"{run.folder.parent.name}/{run.folder.name}"
    assert content(tmp_path / "pushed" / own) == content(tmp_path / "live" / "trial" / over.name)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for _ in range(2):
        main([packed, "--to", "mlflow"])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 run to mlflow: 1 pushed",
        "1 run to mlflow: 1 there already",
    ]
    assert (tmp_path / "runs" / "mlflow.db").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "mlflow", "--dir", "x"], "--dir must go with --to tensorboard"),
        (["--to", "mlflow", "--uri", "http://me:secret@host"], "the URI must be without a password"),
        (["--to", "comet"], "invalid choice"),
        ([], "--to"),
    ],
)
def test_wrong_arguments_are_refused(over: Path, words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main([str(over), *words])
    assert not (over / "tensorboard").exists()
