"""Calls in fresh processes: what comes back, whatever happens to the process; and that it dies with its caller."""

from __future__ import annotations

import gc
import inspect
import os
import pkgutil
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from mgu import isolation
from mgu.cli.interrupts import prepare_interrupts
from mgu.errors import UserError
from mgu.isolation import Crashed, Raised, Send, ServerDied, TimedOut, call
from mgu.isolation.server import fork_child
from tests import processes

MEMORY = 500 << 20  # bytes beyond what the libraries take


def add(send: Send, a: int, b: int) -> int:
    send(("adding", a, b))
    return a + b


def misuse(send: Send) -> None:
    raise UserError("lr must be positive, but got -1.")


def explode(send: Send) -> None:
    raise ZeroDivisionError("by nothing")


def fill_the_disk(send: Send) -> None:
    raise OSError(28, "No space left on device", "/some/file")


def fail_to_connect(send: Send) -> None:
    raise ConnectionRefusedError(111, "Connection refused")


def leave(send: Send) -> None:
    os._exit(3)


def fault(send: Send) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def allocate(send: Send) -> None:
    """As a model that is too large does; the limit stands for the machine's memory."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    hoard = []
    while True:
        hoard.append(bytearray(100 << 20))


def hang(send: Send) -> None:
    send(os.getpid())
    time.sleep(600)


def environment(send: Send, name: str) -> str | None:
    return os.environ.get(name)


def loaded(send: Send) -> tuple[int, bool]:
    return os.getpid(), "torch" in sys.modules


def end_by_signal(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)


def test_a_process_that_is_ended_by_sigterm_is_told_of() -> None:
    with pytest.raises(Crashed, match="its process was killed by SIGTERM without a result"):
        call("tests.isolation.test_isolation:hang", on_event=end_by_signal)


def test_sigterm_to_the_whole_group_interrupts_the_caller_and_blames_no_call() -> None:
    """As a cluster sends it; the caller's own comes a moment later."""

    def end_all(pid: int) -> None:
        end_by_signal(pid)
        threading.Timer(0.2, end_by_signal, (os.getpid(),)).start()

    before = signal.getsignal(signal.SIGTERM)
    prepare_interrupts()
    try:
        with pytest.raises(KeyboardInterrupt):
            call("tests.isolation.test_isolation:hang", on_event=end_all)
    finally:
        signal.signal(signal.SIGTERM, before)
        sys.unraisablehook = sys.__unraisablehook__


def call_hang(send: Send) -> None:
    """A caller that will be killed while its call hangs."""
    call("tests.isolation.test_isolation:hang", on_event=send)


@pytest.mark.parametrize("name", ["RUN", "CHECK_ENVIRONMENT", "SIZE_MODELS", "CALIBRATE"])
def test_the_entry_points_of_the_child_process_are_functions(name: str) -> None:
    assert inspect.isfunction(pkgutil.resolve_name(getattr(isolation, name)))


@pytest.mark.slow
def test_what_the_server_imports_is_a_module() -> None:
    assert inspect.ismodule(pkgutil.resolve_name(isolation.PRELOAD))


def test_a_value_comes_back_and_events_before_it() -> None:
    events: list[tuple[object, ...]] = []
    assert call("tests.isolation.test_isolation:add", 2, 3, on_event=events.append) == 5
    assert events == [("adding", 2, 3)]


def test_every_call_has_a_fresh_process_that_need_not_import_torch() -> None:
    first, second = call("tests.isolation.test_isolation:loaded"), call("tests.isolation.test_isolation:loaded")
    assert first[0] != second[0] and os.getpid() not in (first[0], second[0])
    assert first[1] and second[1]


def test_the_environment_is_the_callers_of_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGU_SOMETHING", "new")
    assert call("tests.isolation.test_isolation:environment", "MGU_SOMETHING") == "new"


def test_an_error_of_a_socket_is_none_of_a_file() -> None:
    with pytest.raises(Raised, match="ConnectionRefusedError") as caught:
        call("tests.isolation.test_isolation:fail_to_connect")
    assert "in fail_to_connect" in caught.value.traceback


def test_bad_input_and_the_systems_refusals_come_back_as_they_are() -> None:
    with pytest.raises(UserError, match="lr must be positive"):
        call("tests.isolation.test_isolation:misuse")
    with pytest.raises(OSError, match=r"No space left on device: '/some/file'") as caught:
        call("tests.isolation.test_isolation:fill_the_disk")
    assert caught.value.errno == 28


def test_any_other_exception_comes_back_with_its_traceback() -> None:
    with pytest.raises(Raised, match="ZeroDivisionError: by nothing") as caught:
        call("tests.isolation.test_isolation:explode")
    assert "Traceback" in caught.value.traceback and "in explode" in caught.value.traceback


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the limit is set by what /proc tells")
def test_too_little_memory_comes_back_with_its_traceback() -> None:
    with pytest.raises(Raised, match="MemoryError") as caught:
        call("tests.isolation.test_isolation:allocate")
    assert "in allocate" in caught.value.traceback


@pytest.mark.parametrize(("function", "why"), [("leave", "ended with exit code 3"), ("fault", "killed by SIGSEGV")])
def test_a_process_that_goes_without_a_word(function: str, why: str) -> None:
    with pytest.raises(Crashed, match=why):
        call(f"tests.isolation.test_isolation:{function}")


def test_a_call_that_hangs_is_stopped_when_its_time_is_up() -> None:
    """However long the machine takes to begin: the time is up before it ends, not before it begins."""
    pids: list[int] = []
    with pytest.raises(TimedOut, match=r"it ran longer than 5 s and was stopped"):
        call("tests.isolation.test_isolation:hang", timeout_s=5, on_event=pids.append)
    assert not any(_is_alive(pid) for pid in pids)


def test_a_call_whose_time_is_up_is_dead_before_its_caller_hears_of_it() -> None:
    """What it still wrote would undo what the caller files of its failure."""
    with isolation.Call("tests.isolation.test_isolation:hang", timeout_s=0.1) as running:
        with pytest.raises(TimedOut):
            running.result()
        assert not _is_alive(running.child.pid)


def test_the_process_dies_with_a_caller_that_is_killed() -> None:
    caller = fork_child()
    caller.connection.send((dict(os.environ), os.getcwd(), "tests.isolation.test_isolation:call_hang", ()))
    kind, pid = caller.connection.recv()
    assert kind == "event" and _is_alive(pid)
    caller.signal(signal.SIGKILL)
    assert caller.wait(60) and caller.exit_code == -signal.SIGKILL
    caller.close()
    until = time.monotonic() + 60
    while _is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _is_alive(pid)


def test_a_command_that_cannot_be_started_says_only_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is closed when it is collected was never opened."""

    def die() -> NoReturn:
        raise ServerDied("no run can be started.")

    ignored: list[object] = []
    monkeypatch.setattr(processes, "fork_child", die)
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    with pytest.raises(ServerDied):
        processes.Running(tmp_path, [], {})
    gc.collect()
    assert ignored == []


def _is_alive(pid: int) -> bool:
    """Neither gone nor waiting to be collected by its parent."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
