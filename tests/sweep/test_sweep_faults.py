"""Sweeps that are interrupted, crash, hang, run out of disk or meet another sweep: real processes, real signals."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from mgu.results.on_disk.result_file import read_result
from tests.evidence import evidence, leftovers
from tests.processes import Finished, Running, run_cold, start_cold
from tests.sweep.gate import write_gate

pytestmark = pytest.mark.slow

GRID = ("-m", "+experiment=digits", "layout=digits_2", "norm=ln,no_norm", "residual=without", "seed=0,1")
QUICK = ("training.epochs=4", "energy.enabled=false")
RUNS = 4


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Words with which runs `meet` and `hold`."""
    return write_gate(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def undisturbed(gate: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, ...]]:
    """What the sweep comes to when it is left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = Running(folder, [*GRID, *QUICK, *gate], {}).wait()
    assert done.returncode == 0 and f"{RUNS} runs: {RUNS} ok" in done.stdout, done
    return evidence(folder)


@pytest.mark.parametrize(("number", "at_once"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_an_interrupted_sweep_says_so_and_goes_on(
    number: signal.Signals, at_once: int, gate: tuple[str, ...], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    running = Running(tmp_path, [*GRID, *QUICK, *gate, f"parallel={at_once}"], {})
    _wait_for(tmp_path / "runs", "history.csv", at_once)  # which is there after the checkpoint
    os.killpg(running.pid, number)  # as a terminal does: to everything in the foreground
    stopped = running.wait()
    (tmp_path / "hold").unlink()
    assert stopped.returncode == 130 and "Traceback" not in stopped.stderr
    (line,) = stopped.said
    assert "interrupted: what is done is kept, and the same command goes on" in line
    assert f" {at_once} interrupted," in stopped.stdout and "pending" in stopped.stdout
    done = Running(tmp_path, [*GRID, *QUICK, *gate], {}).wait()
    assert done.returncode == 0 and f"{at_once} of them from where they were interrupted" in done.stdout, done
    assert done.stdout.count("continues after epoch") == at_once
    assert evidence(tmp_path) == undisturbed


NEVER_IMPORTED = """
import sys, time
from pathlib import Path

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            Path("importing").touch()
            time.sleep(300)

sys.meta_path.insert(0, Slow())
"""


def test_ctrl_c_while_the_libraries_are_imported_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NEVER_IMPORTED)
    as_in_a_terminal = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # not as under nohup
    script = f"{as_in_a_terminal} from mgu.cli.main import main; main()"
    with start_cold(tmp_path, [*GRID, *QUICK], script, PYTHONPATH=str(tmp_path)) as running:
        assert running.stdout and running.stdout.readline().startswith(f"{RUNS} runs")
        _wait_for(tmp_path, "importing")
        os.killpg(running.pid, signal.SIGINT)
        _, stderr = running.communicate(timeout=300)
    (line,) = Finished(running.returncode, "", stderr).said
    assert running.returncode == 130 and "interrupted" in line


def test_a_reader_that_leaves_stops_no_run(tmp_path: Path) -> None:
    with start_cold(tmp_path, [*GRID, *QUICK]) as running:
        assert running.stdout
        running.stdout.close()
        running.wait(300)
    assert running.returncode == 0 and len(list(tmp_path.rglob("result.json"))) == RUNS


FAULTS = '''
import os, signal, time
import mgu.run.training

fit = mgu.run.training.fit

def faulty(*arguments, **keywords):
    """By the run's seed, which its shuffling has."""
    seed = keywords["shuffle"].initial_seed()
    if seed == 1:
        os._exit(7)
    if seed == 2:
        raise ValueError("a bad day")
    if seed == 3:
        hoard = []
        while True:
            hoard.append(bytearray(100 << 20))
    if seed == 4:
        while True:
            time.sleep(1)
    if seed == 5:
        os.kill(os.getpid(), signal.SIGTERM)
    return fit(*arguments, **keywords)

mgu.run.training.fit = faulty
'''


def test_faults_of_one_run_leave_the_others_alone(tmp_path: Path) -> None:
    """One exits, one raises, one allocates all memory that it may have, one hangs, one is ended; two are well."""
    (tmp_path / "faults.py").write_text(FAULTS)
    (tmp_path / "sitecustomize.py").write_text(
        "import os, resource\n"
        "def harm():\n"
        "    if 'mgu.run.execute' in __import__('sys').modules:\n"
        "        import faults\n"
        "        taken = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "        resource.setrlimit(resource.RLIMIT_AS, (taken + (600 << 20),) * 2)\n"
        "os.register_at_fork(after_in_child=harm)\n"
    )
    # One that is well takes a second: the others, too, must be over in time where the machine stands still for a while.
    arguments = ["-m", "layout=digits_2", "seed=range(7)", "training.timeout=20", "training.epochs=1", QUICK[1]]
    done = run_cold(tmp_path, arguments, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1, done
    assert "5 of 7 runs failed" in done.stderr and "Traceback" not in done.stderr
    assert "7 runs: 2 ok, 5 failed" in done.stdout
    results = {read_result(file).seed: (read_result(file), file.parent) for file in tmp_path.rglob("result.json")}
    assert [results[seed][0].status for seed in range(7)] == ["ok", *["failed"] * 5, "ok"]
    reasons = {1: "exit code 7", 2: "ValueError: a bad day", 3: "MemoryError", 4: "longer than training.timeout=20 s"}
    reasons[5] = "killed by SIGTERM"
    for seed, reason in reasons.items():
        assert reason in (results[seed][0].error or "") and reason in done.stdout
        log = (results[seed][1] / "log.txt").read_text()
        assert reason in log
        assert ("Traceback" in log and "in faulty" in log) == (seed in (2, 3))

    again = Running(tmp_path, arguments, {}).wait()  # without the faults
    assert again.returncode == 0 and "7 runs: 7 ok" in again.stdout, again
    assert "2 done (force=true trains them again), 5 to train, 5 of them again, for they failed" in again.stdout


def test_a_full_disk_leaves_no_torn_file_and_says_so(tmp_path: Path) -> None:
    """No file may grow beyond 20 KB: enough for logs and configurations, not for a checkpoint."""
    runs = tmp_path / "runs"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
    script = f"{limit} from mgu.cli.main import main; main()"
    done = run_cold(tmp_path, ["-m", "layout=digits_3", "norm=ln", "seed=0,1", *QUICK], script=script)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done
    assert "File too large" in done.stdout
    for file in runs.rglob("result.json"):
        assert read_result(file).status == "failed"
    assert not list(runs.rglob("weights.safetensors")) and not list(runs.rglob("*.part"))
    again = Running(tmp_path, ["-m", "layout=digits_3", "norm=ln", "seed=0,1", *QUICK], {}).wait()
    assert again.returncode == 0, again


def test_two_sweeps_at_once_share_the_work(gate: tuple[str, ...], undisturbed: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "meet").touch()
    both = [Running(tmp_path, [*GRID, *QUICK, *gate], {}) for _ in range(2)]
    ends = [running.wait() for running in both]
    assert [end.returncode for end in ends] == [0, 0], ends
    assert all(f"{RUNS} runs: {RUNS} ok" in end.stdout for end in ends)
    assert evidence(tmp_path) == undisturbed and not leftovers(tmp_path / "runs")
    logs = [file.read_text() for file in tmp_path.rglob("log.txt")]
    assert [log.count("training examples") for log in logs] == [1] * RUNS  # none was trained twice
    trained = [sum(" ok " in line and "was there" not in line for line in end.stdout.splitlines()) for end in ends]
    assert sum(trained) == RUNS and min(trained) >= 1  # and both took part
    contended = [read_result(file).contended for file in tmp_path.rglob("result.json")]
    assert any(contended)


def test_a_sweep_waits_for_the_runs_of_another_and_takes_over_when_that_dies(
    gate: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    one = ["-m", "layout=digits_2", "norm=ln", *QUICK, *gate]
    first = Running(tmp_path, one, {})
    _wait_for(tmp_path / "runs", "checkpoint.pt")
    second = Running(tmp_path, one, {})
    _wait_for_text(second, "waiting for 1 run that another process trains")
    first.kill(signal.SIGKILL)
    (tmp_path / "hold").unlink()
    end = second.wait()
    assert end.returncode == 0 and "continues after epoch" in end.stdout, end
    (result,) = (read_result(file) for file in tmp_path.rglob("result.json"))
    assert result.epochs == 4 and result.resumed == 1


def _wait_for(folder: Path, name: str, count: int = 1) -> None:
    until = time.monotonic() + 300
    while len(list(folder.rglob(name))) < count:
        assert time.monotonic() < until, f"no {name} came"
        time.sleep(0.01)


def _wait_for_text(running: Running, text: str) -> None:
    until = time.monotonic() + 300
    while text not in running.outputs[0].read_text():
        assert time.monotonic() < until and running.is_alive(), running.outputs[0].read_text()
        time.sleep(0.01)
