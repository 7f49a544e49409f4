"""Interrupts that arrive where Python cannot raise them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import weakref
from importlib.metadata import entry_points

import pytest

from mgu.cli.exit_codes import exit_codes
from mgu.cli.interrupts import prepare_interrupts

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Thing:
    """Something that a weak reference can lead to."""


@pytest.mark.parametrize("sign", SIGNALS)
def test_an_interrupt_in_a_callback_is_not_lost(
    sign: signal.Signals, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)  # puts both back at the end
    before, called = [signal.getsignal(number) for number in SIGNALS], list[object]()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the workers of pytest ignore

    def callback(reference: object) -> None:
        called.append(reference)
        signal.raise_signal(sign)

    def be_interrupted() -> None:
        things.clear()
        called.append("nothing was raised")
        time.sleep(60)

    try:
        prepare_interrupts()
        things = [Thing()]
        reference = weakref.ref(things[0], callback)
        with pytest.raises(KeyboardInterrupt):  # later, at a moment of its own
            be_interrupted()
        assert called == [reference, "nothing was raised"]
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
    assert capfd.readouterr().err == ""


def test_other_exceptions_that_cannot_be_raised_are_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = signal.getsignal(signal.SIGTERM)
    try:
        prepare_interrupts()
        thing = Thing()
        reference = weakref.ref(thing, lambda reference: 1 / 0)  # noqa: F841 - the callback needs it
        del thing
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "ZeroDivisionError" in capfd.readouterr().err


def _of_interrupt() -> Exception:
    error = ImportError("numpy could not be imported")
    error.__context__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize("error", [_of_interrupt(), ImportError("KeyboardInterrupt: \n\nAt:\n  <frozen importlib>")])
def test_an_import_that_an_interrupt_broke_is_an_interrupt(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiled modules turn Ctrl-C while they are imported into an exception of their own, which was a traceback."""
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as exited, exit_codes(["explain"]):
            raise error
    finally:
        signal.signal(signal.SIGINT, before)
    assert exited.value.code == 130 and capsys.readouterr().err == "interrupted.\n"
    with pytest.raises(ImportError, match="no such module"), exit_codes(["explain"]):
        raise ImportError("no such module")


def test_an_interrupt_while_the_command_is_imported_is_no_traceback() -> None:
    """What the entry point imports is interrupted: the first import of the package's own code."""
    (entry,) = entry_points(group="console_scripts", name="mgu-run")
    script = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'mgu.cli' or name.startswith('mgu.cli.'):\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        f"from {entry.module} import {entry.attr}\n"
        f"{entry.attr}()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted.\n")
