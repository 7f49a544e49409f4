"""A runs folder that cannot be written: what is done there is told, and nothing is trained."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import NoReturn

import pytest

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import write_result
from mgu.sweep.jobs import run_single
from mgu.sweep.sweep import Sweep
from tests.conftest import Configure
from tests.examples import example_result


@pytest.fixture
def finished(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """Two runs that are done, in a folder that cannot be written from now on; who is root has no other such folder."""
    configs = [configure("seed=10"), configure("seed=11")]
    for config in configs:
        run_folder(config).mkdir(parents=True)
        write_result(run_folder(config), example_result(identity=config.identity, name=config.name, seed=config.seed))

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr("mgu.sweep.jobs.lock_run", refuse)
    return configs


def test_a_run_that_is_done_there_is_told(finished: list[RunConfig], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_single(finished[0]) == "done"
    assert "(was there; force=true trains it again)" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"force": True}, {"seed": 12}])
def test_a_run_that_is_to_be_trained_there_is_refused(finished: list[RunConfig], change: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"the runs folder must be a folder that can be written, but .* \(Read-only"):
        run_single(finished[0].model_copy(update=change))


def test_so_is_a_sweep_but_for_one_that_is_done(finished: list[RunConfig], capsys: pytest.CaptureFixture[str]) -> None:
    Sweep(finished).prepare()
    assert "2 done (force=true trains them again), 0 to train" in capsys.readouterr().out
    with pytest.raises(UserError, match="the runs folder must be a folder that can be written"):
        Sweep([*finished, finished[0].model_copy(update={"seed": 12})]).prepare()
