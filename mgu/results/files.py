"""Where runs are kept, and writing that cannot be torn."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mgu.errors import UserError


def chosen_runs_dir(chosen: str | None) -> Path:
    """Where runs go by a configuration's `runs_dir`."""
    return Path(chosen).expanduser() if chosen else default_runs_dir()


def default_runs_dir() -> Path:
    """MGU_RUNS, else runs/ of the checkout that this package was installed from, else of the working directory."""
    if named := os.environ.get("MGU_RUNS"):
        return Path(named).expanduser()
    return (checkout() or Path.cwd()) / "runs"


def checkout() -> Path | None:
    """The checkout that this package runs from; None for an installed wheel."""
    folder = Path(__file__).parents[2]
    return folder if (folder / "pyproject.toml").is_file() else None


def make_folder(
    folder: Path, what: str = "the runs folder", advice: str = "Pass runs_dir=... or set MGU_RUNS."
) -> None:
    """Create `folder`; raises UserError where nothing can be written there, which says `what` it is and what to do."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{what} must be a folder that can be written, but {folder} is not ({error.strerror}). {advice}"
        ) from None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there once the block has ended well: all or nothing."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
