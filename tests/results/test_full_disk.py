"""A disk, a quota or a limit that is full: which file found no room, why, and what the same command does next."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mgu.cli.exit_codes import exit_codes
from mgu.console.failures import describe_failure
from mgu.results.on_disk.files import write_text
from mgu.search.history import History
from tests.search.spaces import GRID

LIMIT = 4096  # bytes of a file


@contextmanager
def little_room() -> Iterator[None]:
    """As in a shell after `ulimit -f`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def said(arguments: list[str], path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with little_room(), pytest.raises(SystemExit) as ended, exit_codes(arguments):
        write_text(path, "x" * 2 * LIMIT)
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_a_command_that_trains_names_the_file_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "result.json"
    expected = "files must have room, but files may not become that large (ulimit -f): [Errno 27] File too large: "
    expected += f"'{path}'. Make room: what is done is kept, and the same command goes on from the last epoch"
    assert said(["-m", "search=random"], path, capsys) == f"{expected}.\n"
    forced = said(["-m", "search=random", "force=true"], path, capsys)
    assert forced == f"{expected}; leave out force=true, which would begin anew.\n"
    assert said(["card", "x"], path, capsys).endswith(f"'{path}'. Make room, and run the command again.\n")
    assert not list(tmp_path.iterdir())


def test_the_history_of_a_search_is_named_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path, GRID, "0123")
    with little_room(), pytest.raises(OSError, match="File too large") as caught:
        history.append("told", number=0, details="x" * 2 * LIMIT)
    assert caught.value.filename == str(path)
    point = next(iter(GRID.points()))
    history.append("asked", number=0, point=point, seed=1, worker="a", ask_s=0.0)
    assert len(History(path, GRID, "0123").trials) == 1


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EFBIG, "files may not become that large (ulimit -f)"),
    ],
)
def test_a_run_that_failed_by_it_says_so_in_words(number: int, cause: str) -> None:
    assert describe_failure(f"OSError: [Errno {number}] {os.strerror(number)}: '/a/file'") == cause
