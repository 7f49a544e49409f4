"""What surrounds the command: files beside the user, no home, no sensors, a broken library, who reads its output."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Finished

pytestmark = pytest.mark.slow

QUICK = ("layout=digits_2", "training.epochs=1", "threads=1", "energy.enabled=false")
HIDING = ("random", "csv", "json", "logging", "typing", "pathlib", "socket", "numpy", "torch", "hydra", "rich", "yaml")


def run_here(folder: Path, *arguments: str, prefix: tuple[str, ...] = (), **environment: str) -> Finished:
    """`python -m mgu` as a user starts it in a folder."""
    own = {"MGU_RUNS": str(folder / "runs"), "MGU_CONTENTION": str(folder / "contention"), "OMP_NUM_THREADS": "1"}
    variables = {**os.environ, **own, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment}
    command = [*prefix, sys.executable, "-m", "mgu", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def test_a_file_beside_the_user_hides_no_library(tmp_path: Path) -> None:
    """Not in the command, the server, its forks, or the processes of a launcher."""
    for name in HIDING:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the file of the user')\n")
    sweep = ("-m", "mgu=reference", "seed=0,1", *QUICK)
    done = run_here(tmp_path, *sweep, "hydra/launcher=joblib")
    assert done.returncode == 0 and "2 runs: 2 ok" in done.stdout, done
    for arguments in (["plan", *sweep[1:]], ["report", str(tmp_path / "runs")]):
        done = run_here(tmp_path, *arguments)
        assert done.returncode == 0 and "the file of the user" not in done.stdout + done.stderr, done
    assert {file.name for file in tmp_path.iterdir()} == {*(f"{n}.py" for n in HIDING), "runs", "contention"}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="who has a pipe open is told by /proc")
@pytest.mark.parametrize("arguments", [("seed=0",), ("-m", "runs_dir=/proc/x")])
def test_nobody_has_the_output_open_when_the_command_is_over(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """`mgu-run | tee` and CI wait for the last one. Where input is refused, the server still imports."""
    environment = {**os.environ, "MGU_RUNS": str(tmp_path / "runs"), "PYTHONPATH": os.pathsep.join(sys.path)}
    reader, writer = os.pipe()
    pipe = os.readlink(f"/proc/self/fd/{writer}")
    started = subprocess.Popen(
        [sys.executable, "-m", "mgu", *QUICK, *arguments], stdout=writer, stderr=writer, cwd=tmp_path, env=environment
    )
    os.close(writer)
    started.wait()
    holders = [fd for fd in Path("/proc").glob("[0-9]*/fd/*") if _leads_to(fd) == pipe]
    os.close(reader)
    assert [fd.parts[2] for fd in holders] == [str(os.getpid())]


def _leads_to(fd: Path) -> str:
    try:
        return os.readlink(fd)
    except OSError:
        return ""


def test_a_library_that_fails_is_one_sentence_with_the_log(tmp_path: Path) -> None:
    (tmp_path / "broken" / "torch").mkdir(parents=True)
    (tmp_path / "broken" / "torch" / "__init__.py").write_text("raise ImportError('libcudart.so.12 is not there')\n")
    path = os.pathsep.join([str(tmp_path / "broken"), *filter(None, sys.path)])
    for words in (QUICK, ("-m", "seed=0,1", *QUICK), ("plan", *QUICK)):
        done = run_here(tmp_path, *words, PYTHONPATH=path, TMPDIR=str(tmp_path))
        (line,) = done.said
        assert done.returncode == 1 and "no run can be started: the process that imports torch" in line, done
        assert "ImportError: libcudart.so.12 is not there" in line
    logs = list(tmp_path.glob("mgu-server-*.log"))
    assert len(logs) == 3 and all("Traceback" in log.read_text() for log in logs)


@pytest.mark.long
def test_where_no_energy_can_be_measured_training_goes_without(tmp_path: Path) -> None:
    (tmp_path / ".codecarbon.config").write_text("codecarbon cannot read this\n")
    measuring = [word for word in QUICK if not word.startswith("energy")]
    for words in (measuring, ["-m", "seed=0,1", *measuring], ["plan", *measuring]):
        done = run_here(tmp_path, *words)
        (line,) = done.said
        assert done.returncode == 2 and line.endswith("Pass energy.enabled=false."), done
        assert not (tmp_path / "runs").exists()
    assert run_here(tmp_path, *QUICK).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root may become another user")
def test_a_user_whom_the_system_does_not_know_can_train(tmp_path: Path) -> None:
    may_read = "+dac_override,+dac_read_search"  # Python may be installed in a folder of root's
    prefix = ("setpriv", "--reuid=12345", "--clear-groups", f"--inh-caps={may_read}", f"--ambient-caps={may_read}")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this container does not let root become another user")
    command = (*prefix, "env", "--unset=HOME", "--unset=USER", "--unset=LOGNAME")
    done = run_here(tmp_path, *QUICK[:-1], prefix=command)
    assert done.returncode == 0 and " Wh (" in done.stdout and not done.said, done
