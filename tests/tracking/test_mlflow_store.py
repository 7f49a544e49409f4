"""A local MLflow database is whole or not there, wherever the process that makes it was killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mgu.tracking.mlflow_store import ensure_store


def _die_amid(path: Path, tables: int) -> None:
    """Sets the database up, and is killed when it has so many tables."""
    from sqlalchemy import Engine, event

    seen = 0

    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        nonlocal seen
        seen += statement.lstrip().startswith("CREATE TABLE")
        if seen > tables:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", count)
    ensure_store(f"sqlite:///{path}")


def experiments(path: Path) -> list[str]:
    from mlflow.tracking import MlflowClient

    return [experiment.name for experiment in MlflowClient(f"sqlite:///{path}").search_experiments()]


def half_make(path: Path) -> None:
    """As a kill leaves what MLflow makes in place: tables, a revision in the midst, and no experiment."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE experiments (experiment_id INTEGER);"
            "CREATE TABLE alembic_version (version_num VARCHAR);"
            "INSERT INTO alembic_version VALUES ('451aebb31d03');"
        )


@pytest.mark.parametrize("tables", [pytest.param(1, marks=pytest.mark.slow), 25])
def test_one_whose_maker_was_killed_is_not_there_and_the_next_call_makes_it(tables: int, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    process = multiprocessing.get_context("spawn").Process(target=_die_amid, args=(path, tables))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL and not path.exists()
    ensure_store(f"sqlite:///{path}")
    assert experiments(path) == ["Default"]
    assert {file.name for file in tmp_path.iterdir()} - {".mlflow.db.lock"} == {"mlflow.db"}


def test_one_that_was_left_half_made_is_set_aside_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "mlflow.db"
    half_make(path)
    ensure_store(f"sqlite:///{path}")
    assert experiments(path) == ["Default"] and path.with_name("mlflow.db.incomplete").exists()
    assert "half-made" in caplog.text and "mlflow.db.incomplete" in caplog.text


def test_what_is_not_half_made_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("no database")
    with closing(sqlite3.connect(tmp_path / "own.db")) as database:
        database.execute("CREATE TABLE experiments (name TEXT)")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for uri in ("sqlite:///text", "sqlite:///own.db", "http://host:5000", "./mlruns", "file:///mlruns", "sqlite://"):
        ensure_store(uri)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
