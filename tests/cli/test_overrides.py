"""Words of the command line that are right: flags anywhere, groups of one's own, narrowed grids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgu.cli.main import main
from mgu.cli.study.trial_configs import Configurator
from mgu.search.parameters.choices import Ordinal
from mgu.search.space import Space
from tests.conftest import Command
from tests.torture.refusals import Answer, refuse, without_training

Ask = Callable[..., Answer]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command in this process, up to where it would train."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))

    def run(*words: str) -> Answer:
        with without_training(monkeypatch):
            return refuse(tmp_path, words, main)

    return run


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("--version", "mgu-run 0."),
        ("seed=0 --version", "mgu-run 0."),
        ("plan --version", "mgu-run 0."),
        ("seed=0 -h", "training.epochs"),
        ("plan seed=0 --help", "usage: mgu-run plan"),
        ("prune -h", "epochs: "),
        ("seed=3 --cfg job", "seed: 3"),
        ("-c job --package schedule", "decay: 0.0001"),
        ("--info", "Hydra 1."),
        ("--shell-completion install=bash", "complete"),
    ],
)
def test_flags_that_show_something(words: str, shown: str, ask: Ask) -> None:
    answer = ask(*words.split())
    assert answer.code == 0 and shown in answer.out and not answer.err and not answer.written


def test_the_help_of_hydra(mgu_run: Command) -> None:
    done = mgu_run("--hydra-help")
    assert done.returncode == 0 and "--multirun" in done.stdout and not done.stderr


@pytest.mark.parametrize(
    ("group", "content"),
    [
        ("dataset", "defaults: [digits]\nsplit: holdout"),
        ("layout", "defaults: [digits_2]\nstart_filters: 4"),
        ("norm", "name: ln\neps: 0.01"),
        ("optimizer", "defaults: [nadam]\nlr: 0.02"),
        ("training", "defaults: [paper]\nepochs: 1"),
        ("energy", "defaults: [codecarbon]\ncountry: USA"),
        ("mgu", "# @package _global_\ndefaults: [reference]\nmgu: {gate: channel}"),
        ("experiment", "# @package _global_\nseed: 5"),
    ],
)
def test_the_hint_for_groups_of_ones_own_can_be_followed(group: str, content: str, ask: Ask, tmp_path: Path) -> None:
    word = f"{'+' * (group == 'experiment')}{group}=zzz"
    hint = ask(word).err
    assert f"Add your own as DIR/{group}/zzz.yaml, and pass --config-dir DIR." in hint
    (tmp_path / "DIR" / group).mkdir(parents=True)
    (tmp_path / "DIR" / group / "zzz.yaml").write_text(content)
    assert ask("--config-dir", "DIR", word).code == "accepted"


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        ("+experiment=gates -m mgu.gate=channel mgu.bypass=padded", "1 run: 0 baselines and 1 unit"),
        ("+experiment=gates -m mgu.gate=channel,scalar mgu.bypass=padded", "2 runs: 0 baselines and 2 units"),
        ("+experiment=digits -m mgu.residual_gate=false layout.dropout=0", "2 runs: 0 baselines and 2 units"),
        ("+experiment=digits -m norm=ln norm.eps=0.1 dataset.image_shape=[1,8,8]", "6 runs: 6 baselines"),
    ],
)
def test_one_value_narrows_a_grid_as_several_do(words: str, runs: str, ask: Ask) -> None:
    answer = ask(*words.split())
    assert answer.code == "accepted" and answer.out.startswith(runs), answer.err


def test_the_values_of_prune_may_stand_anywhere(ask: Ask) -> None:
    for words in ("x epochs=2 --export onnx", "x --export onnx epochs=2", "--export onnx x epochs=2"):
        assert "RUN must be the folder of a finished run, but there is no x." in ask("prune", *words.split()).err


def test_what_is_a_sub_command_and_a_group_is_told_as_both(ask: Ask) -> None:
    assert ask("seed=0", "search").err.rstrip().endswith("Put it first: mgu-run search ..., or pass search=NAME")
    assert ask("search").err.startswith("arguments must be as mgu-run search --help says")


def test_a_finite_bias_that_a_gate_can_have_is_legal(ask: Ask) -> None:
    assert ask("mgu=reference", "mgu.gate_bias.skip=-1000").code == "accepted"
    assert ask("mgu=reference", "mgu.gate_bias.skip=-1001").code == 2


@pytest.mark.parametrize("count", ["range(0,10000)", "range(0,1,1e-4)"])
def test_a_sweep_may_be_as_large_as_it_may(count: str) -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from mgu.cli.grammar import MAX_RUNS, _check_sizes

    _check_sizes([OverridesParser.create().parse_override(f"seed={count}")])
    assert MAX_RUNS == 10_000


def test_arguments_of_ones_own_code_are_parameters_of_a_search_as_they_are_axes_of_a_sweep() -> None:
    """The words of a point lacked the plus that a command line is given, so that Hydra knew no such key."""
    space = Space("mine", (Ordinal("layout.options.width", (4, 8)), Ordinal("optimizer.lr", (0.1, 0.2))))
    nothing: Any = None
    configure = Configurator(nothing, nothing, ["++layout.options.width=2", "seed=1"], space)
    words = configure._overrides({"layout.options.width": 8, "optimizer.lr": 0.1})
    assert words == ["seed=1", "++layout.options.width=8", "optimizer.lr=0.1"]
