"""Makes a local MLflow database whole or not at all: MLflow itself cannot go on where its set-up was killed.

It creates a new database table by table over a second or two, and never repairs one that lacks the last of them. So the
database is made under another name, and renamed when it is complete; one lock keeps processes from doing it twice.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from filelock import FileLock

log = logging.getLogger("mgu")


def ensure_store(uri: str) -> None:
    """Creates the database of a tracking URI, if it is a file of SQLite's that is not there or was left half-made.

    Args:
        uri: Tracking URI; nothing is done for one of another kind.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(uri)
    except ArgumentError:  # such as a plain folder
        return
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:" or url.query:
        return
    path = Path(url.database)
    if _is_whole(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        if not _is_whole(path):
            _set_aside(path)
            _create(path)


def _is_whole(path: Path) -> bool:
    """Tells whether a database is MLflow's to open: all but an empty file and one whose set-up broke off.

    The set-up ends with the default experiment; before that nothing can have been logged.
    """
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables >= {"experiments", "alembic_version"}:  # not MLflow's, or MLflow does go on from here
                return True
            return database.execute("SELECT 1 FROM experiments LIMIT 1").fetchone() is not None
    except sqlite3.Error:  # MLflow says what is wrong
        return True


def _set_aside(path: Path) -> None:
    """Keeps a half-made database under another name, and says so."""
    if path.exists() and path.stat().st_size:
        kept = path.with_name(f"{path.name}.incomplete")
        path.rename(kept)
        log.warning("%s was left half-made and holds no run: a new one is made, and it is kept as %s", path, kept.name)


def _create(path: Path) -> None:
    """Makes a database with MLflow's tables; the caller holds the lock, so that no other process uses the name."""
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    unfinished = path.with_name(f".{path.name}.part")
    for left in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):  # by a process that was killed
        left.unlink(missing_ok=True)
    store = SqlAlchemyStore(f"sqlite:///{unfinished}", DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)
    store.engine.dispose()  # closes the file
    unfinished.replace(path)
