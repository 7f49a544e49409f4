"""The same sweep under Hydra's launchers: other processes, other machines, the same weights to the last bit."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import Command
from tests.processes import Finished, Running, run_cold
from tests.sweep.gate import write_gate
from tests.torture.killing import SCENARIOS
from tests.torture.killing import Command as Killed

pytestmark = pytest.mark.slow

GRID = (
    *("+experiment=digits", "-m", "layout=digits_2", "norm=ln,no_norm", "residual=without"),
    *("energy.enabled=false", "threads=1"),
)
QUICK = (*GRID, "training.epochs=2")
SLURM = Path(__file__).with_name("slurm.sh")

Weights = dict[str, bytes]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """By the name of the run's folder, as Hydra's own launcher leaves them."""
    folder = tmp_path_factory.mktemp("basic")
    return weights_of(Running(folder, list(QUICK), {}).wait(), folder)


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment in which a Slurm of one node answers, for as long as the test runs."""
    try:
        started = subprocess.run([SLURM, "start", tmp_path / "slurm"], capture_output=True, text=True, check=False)
        if started.returncode == 3:
            pytest.skip(started.stderr)
        assert started.returncode == 0, started.stderr
        yield dict(word.split("=", 1) for word in shlex.split(started.stdout)[1:])
    finally:
        subprocess.run([SLURM, "stop", tmp_path / "slurm"], check=True)


def weights_of(done: Finished, folder: Path) -> Weights:
    assert done.returncode == 0 and "2 runs: 2 ok" in done.stdout, done
    results = sorted((folder / "runs" / "digits").glob("*/result.json"))
    assert [json.loads(file.read_text())["status"] for file in results] == ["ok", "ok"]
    return {file.parent.name: file.with_name("weights.safetensors").read_bytes() for file in results}


@pytest.mark.parametrize(
    "launcher", [pytest.param(name, marks=pytest.mark.long) for name in ("joblib", "submitit_local")]
)
def test_processes_of_a_launcher_train_the_same_weights(launcher: str, tmp_path: Path, expected: Weights) -> None:
    assert weights_of(run_cold(tmp_path, [*QUICK, f"hydra/launcher={launcher}"]), tmp_path) == expected


@pytest.mark.long
def test_runs_side_by_side_are_contended(tmp_path: Path) -> None:
    (tmp_path / "meet").touch()  # else one may be over before the other has begun to measure
    words = (*write_gate(tmp_path), "runs_dir='a folder/with a \\\\'", "hydra/launcher=joblib")
    done = run_cold(tmp_path, [*QUICK, *words])
    assert done.returncode == 0, done
    results = [json.loads(file.read_text()) for file in tmp_path.rglob("result.json")]
    assert [result["contended"] for result in results] == [True, True]
    assert done.stdout.count("contended") == 2


def test_workers_of_joblib_end_with_the_command(tmp_path: Path) -> None:
    joblib = SCENARIOS["joblib"]
    (tmp_path / "hold").touch()  # else they might end by themselves
    command = Killed(joblib._replace(words=(*joblib.words, *write_gate(tmp_path))), tmp_path)
    while not list(tmp_path.rglob("history.csv")):
        assert not command.is_over()
        time.sleep(0.01)
    assert len(command.members()) > 2
    os.kill(command.pid, signal.SIGKILL)
    killed_s = time.monotonic()
    while members := command.members():  # joblib's own wait five minutes for another job
        assert time.monotonic() < killed_s + 60, members
        time.sleep(0.1)
    command.cold.wait()
    command.output.close()


@pytest.mark.long
def test_a_local_ray_trains_the_same_weights(mgu_run: Command, tmp_path: Path, expected: Weights) -> None:
    start = [f"+hydra.launcher.ray.init.{key}" for key in ("num_cpus=2", "include_dashboard=false")]
    # In no folder of pytest's, for the names of sockets must be short; no token in the home folder, no statistics sent.
    with TemporaryDirectory(prefix="ray") as short:
        quiet = {"RAY_TMPDIR": short, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
        done = mgu_run(*QUICK, "hydra/launcher=ray", *start, **quiet)
    assert weights_of(done, tmp_path) == expected


def test_a_real_slurm_trains_the_same_weights(
    slurm: dict[str, str], mgu_run: Command, tmp_path: Path, expected: Weights
) -> None:
    assert weights_of(mgu_run(*QUICK, "hydra/launcher=submitit_slurm", **slurm), tmp_path) == expected
    jobs = subprocess.run(["sacct"], capture_output=True, text=True, check=True, env=slurm).stdout.splitlines()[1:]
    assert len(jobs) == 2  # Slurm knows of them
