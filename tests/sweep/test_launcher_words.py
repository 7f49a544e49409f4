"""What is said of a launcher before a sweep begins, and that its runs are followed where their output is not seen."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hydra_plugins.mgu_sweeper import DEFAULTS
from mgu.config.sweeper import check_sweeper
from mgu.console.lines import LineView
from mgu.errors import UserError
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import write_result
from mgu.sweep.follow import following
from mgu.sweep.launch import Job
from mgu.sweep.launchers import Launcher, prepare_launcher
from tests.conftest import Configure
from tests.examples import example_result


def test_the_time_limit_of_submitit_is_said_with_an_override_that_lifts_it(configure: Configure) -> None:
    config = configure("layout=digits_2", "threads=1")
    for name in ("submitit_local", "submitit_slurm"):
        (line,) = Launcher(name, {"timeout_min": 60}).describe([config])
        assert "after 60 min" in line and line.endswith(" hydra.launcher.timeout_min=1440")
        assert Launcher(name, {"timeout_min": 1440}).describe([config]) == []
    assert Launcher("basic", {}).describe([config]) == Launcher("joblib", {"n_jobs": -1}).describe([config]) == []


def test_the_threads_that_a_run_will_have_are_said(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure("layout=digits_2")
    monkeypatch.setattr("mgu.sweep.launchers.count_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    said = {jobs: Launcher("joblib", {"n_jobs": jobs}).describe([config])[0] for jobs in (-1, 2, 1)}
    assert "8 runs at once, each on 1 thread;" in said[-1] and "2 runs at once, each on 4 threads;" in said[2]
    assert "1 run at once, each on 8 threads;" in said[1]
    assert "1 thread;" in Launcher("ray", {}).describe([config])[0]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert "each on 3 threads;" in Launcher("joblib", {"n_jobs": -1}).describe([config])[0]
    assert "all cores" in Launcher("submitit_local", {}).describe([config])[0]


def test_a_run_that_ends_elsewhere_has_its_line(configure: Configure, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = configure("layout=digits_2", "seed=1"), configure("layout=digits_2", "seed=2")
    for config in (old, new):
        run_folder(config).mkdir(parents=True)
    write_result(run_folder(old), example_result(identity=old.identity, name=old.name))
    todo = {run_folder(old): old, run_folder(new): new}
    with following(todo, LineView(in_sweep=True)):
        write_result(run_folder(new), example_result(identity=new.identity, name=new.name))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(new.name) and " ok " in line


def test_a_package_that_cannot_be_imported_is_hidden_from_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "amdsmi.py").write_text("print('no library')\nraise KeyError('libamd_smi.so')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "amdsmi", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    prepare_launcher("joblib")
    assert os.environ["PYTHONPATH"] == str(tmp_path) and "amdsmi" not in sys.modules
    prepare_launcher("ray")
    with pytest.raises(ImportError):
        importlib.import_module("amdsmi")
    done = subprocess.run([sys.executable, "-c", "import amdsmi"], capture_output=True, text=True, check=False)
    assert "ImportError: amdsmi has no library here" in done.stderr
    monkeypatch.delitem(sys.modules, "amdsmi")


@pytest.mark.parametrize("key", ["seeds", "axes", "number", "max_batch_size"])
def test_what_a_sweep_tells_its_jobs_is_no_setting_of_the_user(key: str) -> None:
    check_sweeper(DEFAULTS)
    for value in ([], ["norm"], "norm", 1):
        with pytest.raises(
            UserError, match=rf"hydra.sweeper.{key} must be null, but got .*Leave hydra.sweeper.{key} out"
        ):
            check_sweeper({**DEFAULTS, key: value})


def test_a_job_that_is_launched_again_keeps_its_number(configure: Configure) -> None:
    """Those that another sweep trained, and that are tried again, were numbered 5 and 6 of 4."""
    job = Job(["norm=ln"], [configure("seed=0"), configure("seed=1")], 3)
    again = job.select_busy(["done", "busy"])
    assert again and again.number == 3 and "hydra.sweeper.number=3" in again.all_overrides and len(again.configs) == 1
    assert job.select_busy(["done", "done"]) is None
