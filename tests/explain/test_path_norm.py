"""`mgu-run explain` of a run of path-SGD: the path norm before and after, as the log of the run has it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mgu.cli.explain import main
from mgu.results.on_disk.folder import run_folder
from tests.conftest import Configure
from tests.run.test_resume import train


def test_the_path_norm_is_told_of_the_initial_weights_and_of_those_that_are_kept(
    configure: Configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("dataset=digits", "dataset.sequence=16", "layout=recurrent_relu", "norm=no_norm", "layout.width=8")
    config = configure(*words, "optimizer=path_sgd", "training.epochs=1", "energy.enabled=false", "threads=1")
    result = train(config)
    folder = run_folder(config)
    main([str(folder), "--out", str(tmp_path)])
    shown = capsys.readouterr()
    assert shown.err.startswith(f"Written to {tmp_path}: path_norm.json.")
    logged = re.findall(r"at the (?:start|end): path norm: (.*)", (folder / "log.txt").read_text())
    numbers = [[float(number) for number in re.findall(r"[0-9.e+-]*\d", line.replace("^2", ""))] for line in logged]
    written = json.loads((tmp_path / "path_norm.json").read_text())
    names = ("gamma_squared", "kappa_smallest", "kappa_median", "kappa_largest")
    for state, expected in zip((written["start"], written["kept"]), numbers, strict=True):  # the last epoch is kept
        (ratio,) = state["second_over_first"].values()
        assert [*(state[name] for name in names), ratio] == pytest.approx(expected, rel=0.01)
    assert numbers[0] != numbers[1] and "at the start: gamma^2" in shown.out and "weights of epoch 1" in shown.out
    assert result.gamma_squared == pytest.approx(written["kept"]["gamma_squared"], rel=1e-12)


@pytest.mark.parametrize(("layout", "has_one"), [("recurrent_relu", True), ("recurrent_tanh", False)])
def test_a_result_has_it_whatever_optimizer_trained_a_homogeneous_network(
    layout: str, has_one: bool, configure: Configure
) -> None:
    words = ("dataset=digits", "dataset.sequence=4", f"layout={layout}", "norm=no_norm", "layout.width=4")
    result = train(configure(*words, "optimizer=momentum", "training.epochs=1", "energy.enabled=false", "threads=1"))
    assert (result.gamma_squared is not None) is has_one
