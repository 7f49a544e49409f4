"""The server: who may ask, what it costs, how it ends, and the page at work in a real browser where there is one."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from filelock import FileLock

from mgu.cli.serve import main
from mgu.errors import UserError
from mgu.serve import renderer as renderer_module
from mgu.serve.renderer import Renderer
from mgu.serve.scan import Scanner
from mgu.serve.server import Server
from tests.by_hand import ByHand
from tests.processes import start_cold
from tests.serve.test_scan import leave

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REPORT = "<!doctype html><title>r</title><h1>report of {} runs</h1><input type=search><script>1</script>"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One finished run and one that is held, served by a report of one line."""
    leave(tmp_path / "runs" / "trial" / "a-1", status="ok")
    held = leave(tmp_path / "runs" / "trial" / "b-1", epochs=3)
    keeper = Renderer(
        Scanner([tmp_path / "runs"]), lambda seen: REPORT.format(sum(run.run is not None for run in seen.runs.values()))
    )
    with Server(0, keeper) as made, FileLock(held / ".lock"):
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        keeper.start()
        yield made
        made.shutdown()
        keeper.stop()
        thread.join()


def wait_until(holds: Callable[[], bool]) -> None:
    """What takes longer than two minutes, on a machine that is as busy as it likes, does not come."""
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=120)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_it_listens_on_this_machine_only(server: Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1" and server.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("path", ["/", "/report", "/state"])
def test_other_hosts_names_are_refused(server: Server, path: str) -> None:
    port = server.server_port
    for name in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port + 1}",
        f"127.0.0.1.evil:{port}",
    ):
        assert ask(server, path, Host=name)[0] == 403, name
    assert ask(server, path, Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize(
    ("port", "host", "status"),
    [
        (80, "127.0.0.1", 200),
        (80, "localhost", 200),
        (80, "localhost:80", 200),
        (80, "evil.example", 403),
        (80, "localhost:8347", 403),
        (80, "localhost:80:80", 403),
        (80, "", 403),
        (8347, "localhost", 403),
    ],
)
def test_browsers_leave_the_port_80_out(server: Server, port: int, host: str, status: int) -> None:
    at = server.server_port
    server.server_port = port  # tests need not run as root
    connection = HTTPConnection("127.0.0.1", at, timeout=120)
    connection.request("GET", "/state", headers={"Host": host})
    assert connection.getresponse().status == status
    connection.close()


def test_pages_of_other_sites_may_link_but_not_read(server: Server) -> None:
    assert ask(server, "/state", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, "/state", Sec_Fetch_Site="same-origin")[0] == 200
    assert ask(server, "/", Sec_Fetch_Site="cross-site")[0] == 200


def test_nothing_but_its_own_pages_can_be_read(server: Server) -> None:
    assert ask(server, "/../pyproject.toml")[0] == 404 and ask(server, "/page.py")[0] == 404
    assert ask(server, "/", "POST")[0] == 501 and ask(server, "/", "HEAD") == (200, "")


def test_state_and_report_follow_the_runs(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_module, "LOOK_EVERY_S", 0.05)
    state = ask(server, "/state")[1]
    assert '"text": "1 running, 1 done"' in state or '"text": "1 done, 1 interrupted"' in state
    leave(tmp_path / "runs" / "trial" / "c-1", status="ok")
    wait_until(lambda: ask(server, "/state")[0] == 200 and "report of 2 runs" in ask(server, "/report")[1])


def test_a_report_that_fails_is_said_and_does_not_end_the_server(tmp_path: Path) -> None:
    leave(tmp_path / "trial" / "a-1", status="ok")
    keeper = Renderer(Scanner([tmp_path]), lambda seen: str(1 // 0))
    keeper.start()
    wait_until(lambda: "fault" in keeper.state())
    keeper.stop()
    assert keeper.state()["fault"] == "the report could not be made: integer division or modulo by zero"


def test_a_port_that_is_taken_or_no_number_is_refused_in_a_line(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"--port must be free, but got {server.server_port}, and another program"):
        main([str(tmp_path), "--port", str(server.server_port)])
    with pytest.raises(UserError, match="--port must be a number from 0 to 65535"):
        main([str(tmp_path), "--port", "http"])
    with pytest.raises(UserError, match="does not exist"):
        main([str(tmp_path / "nowhere")])


def test_a_file_that_holds_no_runs_is_refused_and_one_that_does_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(scanner: Scanner, render: object) -> None:
        raise InterruptedError(str(scanner.paths))

    monkeypatch.setattr("mgu.cli.serve.Renderer", shown)
    for name in ("gen.py", "history.csv", "other.tar.xz"):
        (tmp_path / name).touch()
        with pytest.raises(UserError, match=rf"RUNS must be folders of runs, .*but .*{name} is another file"):
            main([str(tmp_path / name)])
    for name in ("result.json", "runs.tar.xz", "."):
        (tmp_path / name).touch()
        with pytest.raises(InterruptedError):
            main([str(tmp_path / name)])


def test_a_port_of_the_administrator_is_refused_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(self: Server) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Server, "server_bind", bind)  # tests may run as root
    with pytest.raises(UserError, match=r"must be 1024 or above.* but got 80. Pass --port 8347, or --port 0"):
        main([str(tmp_path), "--port", "80"])


def test_it_rests_while_nobody_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: from the third look on, nobody has asked for long enough once that look is over."""
    clock, scanner = ByHand(), Scanner([tmp_path])
    clock.rule(monkeypatch, [renderer_module])
    looks, pauses = list[float](), list[float]()

    def look() -> None:
        looks.append(clock())
        if len(looks) >= 3:
            clock.now_s += renderer_module.WATCHED_S + 1

    monkeypatch.setattr(scanner, "look", look)
    keeper = Renderer(scanner, lambda seen: REPORT)
    monkeypatch.setattr(keeper._is_over, "wait", pauses.append)
    keeper.start()
    time.sleep(0.05)
    assert not looks
    keeper.state()
    wait_until(lambda: len(pauses) == 3 and not keeper._is_pausing)
    time.sleep(0.2)  # in which one that did not rest would look again
    assert len(looks) == 3 and min(pauses) >= renderer_module.LOOK_EVERY_S
    keeper.state()
    assert len(looks) == 4
    keeper.stop()


def test_a_pause_delays_neither_the_end_nor_whoever_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_module, "LOOK_EVERY_S", 3600.0)
    keeper = Renderer(Scanner([tmp_path]), lambda seen: REPORT)
    keeper.start()
    keeper.state()
    wait_until(lambda: keeper._is_pausing)
    monkeypatch.setattr(renderer_module, "WATCHED_S", 0.0)
    waits: list[bool] = []
    monkeypatch.setattr(keeper._ready, "wait", lambda at_most_s: waits.append(keeper._ready.is_set()))
    assert "experiments" in keeper.state() and waits == [True]  # for nothing
    keeper.stop()
    keeper._thread.join(60)
    assert not keeper._thread.is_alive()


LOSES_INTERRUPTS = """
import os, signal, weakref
from mgu.cli.main import main
from mgu.serve import renderer

class Thing: pass

start = renderer.Renderer.start

def start_and_be_interrupted(self):
    start(self)
    thing = Thing()
    callback = weakref.ref(thing, lambda reference: os.kill(os.getpid(), signal.SIGINT))
    del thing  # what the callback raises is printed and forgotten

renderer.Renderer.start = start_and_be_interrupted
main()
"""


@pytest.mark.slow
def test_ctrl_c_is_not_lost_where_python_cannot_raise_it(tmp_path: Path) -> None:
    process = start_cold(tmp_path, ["serve", "--port", "0"], LOSES_INTERRUPTS)
    out, err = process.communicate(timeout=300)
    assert out.splitlines()[1:] == ["stopped serving"] and (err, process.returncode) == ("", 0)


@pytest.mark.slow
def test_ctrl_c_ends_it_in_one_line(tmp_path: Path) -> None:
    process = start_cold(tmp_path, ["serve", "--port", "0"])
    assert process.stdout
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/ shows .*runs to this machine; Ctrl-C ends it\n", first)
    assert (out, err, process.returncode) == ("stopped serving\n", "", 0)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here to look with")
def test_the_page_in_chromium_shows_the_runs_without_an_error(server: Server, tmp_path: Path) -> None:
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
               "--enable-logging=stderr", "--virtual-time-budget=6000", "--dump-dom", server.address]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert ":CONSOLE" not in done.stderr
    assert "1 running, 1 done" in done.stdout and "3 of at most 10" in done.stdout
    assert "1 under way: mgu runs" in done.stdout and "has ended" not in done.stdout
