"""The command in this process, up to where it would begin to train: what it prints, how it ends, what it leaves."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra._internal.hydra import Hydra

import mgu.measure.codecarbon_instrument  # noqa: F401 - the server does, where codecarbon may miss a driver aloud
from mgu.isolation import CHECK_ENVIRONMENT, RUN, SIZE_MODELS

LIMIT_S = 120  # what takes longer has no end, on a busy machine either


class Accepted(BaseException):
    """Says that the command would have trained."""


class Endless(BaseException):
    """Says that the command gave no answer."""


@dataclass(frozen=True)
class Answer:
    """How the command ended.

    Attributes:
        words: Its arguments.
        code: Its exit code; "accepted" if it would have trained, the name of an exception that it did not catch.
        out: What it printed to standard output.
        err: What it printed to standard error.
        written: Files and folders that are there and were not before, or the other way round.
    """

    words: Sequence[str]
    code: int | str | None
    out: str
    err: str
    written: Sequence[str]

    @property
    def faults(self) -> list[str]:
        """What is wrong with it as the refusal of a bad command line."""
        lines = self.err.splitlines()
        found = {
            f"exit code {self.code}": self.code != 2,
            "a traceback": "Traceback" in self.err,
            "no message": not lines,
            f"{len(lines)} lines": len(lines) > 1 and not all(map(_says_rule, lines)),
            "a line too long to read": any(len(line) > 1200 for line in lines),
            "no rule": not any(map(_says_rule, lines)),
            "control characters": any(not (char.isprintable() or char == "\n") for char in self.err),
            "standard output": bool(self.out),
            f"left {', '.join(self.written[:3])}": bool(self.written),
        }
        return [fault for fault, holds in found.items() if holds]


def refuse(folder: Path, words: Sequence[str], main: Callable[[], None]) -> Answer:
    """Runs the command in a folder and returns how it ended."""
    before = _listing(folder)
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["mgu-run", *words]
    code: int | str | None = 0
    signal.signal(signal.SIGALRM, _raise_endless)
    signal.alarm(LIMIT_S)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as exited:
        code = exited.code
    except Accepted:
        code = "accepted"
    except BaseException as error:
        code = f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return Answer(words, code, out.getvalue(), err.getvalue(), sorted(before ^ _listing(folder)))


@contextlib.contextmanager
def without_training(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has every call of a child process do its checks in this one, and end the command where it would train.

    Hydra composes twice, the first time to see whether there is a sweep; that is left out where the words tell.
    """
    import mgu.cli.train
    import mgu.sweep.jobs
    import mgu.sweep.plan
    import mgu.sweep.preflight
    import mgu.sweep.sweep

    with patch.context() as patched:
        for module in (mgu.sweep.preflight, mgu.sweep.plan):
            patched.setattr(module, "call", _call)
        patched.setattr(mgu.sweep.preflight, "Call", _begin)
        patched.setattr(mgu.sweep.jobs, "Call", _call)
        for module in (mgu.sweep.jobs, mgu.sweep.sweep):
            patched.setattr(module, "preload_for", lambda configs: None)
        patched.setattr(mgu.cli.train, "start_ahead", lambda arguments, modules: None)
        ask = Hydra.get_mode
        patched.setattr(
            Hydra, "get_mode", lambda self, config_name, overrides: _mode(ask, self, config_name, overrides)
        )
        yield


def _mode(ask: Callable[..., Any], hydra: Hydra, config_name: str, overrides: list[str]) -> Any:
    return ask(hydra, config_name, overrides) if any("hydra" in word for word in overrides) else None


def _call(function: str, *arguments: Any, on_event: Callable[[Any], None] = print, **keywords: Any) -> Any:
    from mgu.run.preflight import check_environment, size_models

    if function == SIZE_MODELS:
        return size_models(on_event, *arguments)
    assert function in (RUN, CHECK_ENVIRONMENT), function
    check_environment(lambda note: None, arguments[0])
    if function == RUN:
        raise Accepted
    return None


@contextlib.contextmanager
def _begin(function: str, *arguments: Any, **keywords: Any) -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(result=lambda: _call(function, *arguments))


def _raise_endless(number: int, frame: object) -> None:
    raise Endless


def _listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _says_rule(line: str) -> bool:
    return " must " in line or line.startswith("Unknown ")
