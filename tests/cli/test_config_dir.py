"""A choice of one's own in every group, by --config-dir: it is composed, suggested and told like those of conf/."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from mgu.cli.choices import choices_with
from mgu.cli.main import main
from mgu.config.conf import conf_dir
from tests.conftest import Command

GROUPS = sorted(folder.name for folder in conf_dir().iterdir() if folder.is_dir() and folder.name != "hydra")


def base_of(group: str) -> Path:
    """A choice that is there, to vary."""
    files = sorted((conf_dir() / group).glob("*.yaml"))
    return next((file for file in files if file.stem in ("paper", "digits", "digits_2", "reference", "with")), files[0])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a variation of one choice of each group."""
    for group in GROUPS:
        file = tmp_path / "my" / group / "mine.yaml"
        file.parent.mkdir(parents=True)
        text = base_of(group).read_text()
        head = "# @package _global_\n" if "# @package _global_" in text else ""
        file.write_text(f"{head}defaults: [{base_of(group).stem}]\n")
    return tmp_path / "my"


def chosen(groups: Sequence[str], name: str | None = None) -> list[str]:
    """The words that choose one name in several groups, or what `mine` varies there."""
    return [f"{'+' * (group == 'experiment')}{group}={name or base_of(group).stem}" for group in groups]


@pytest.mark.parametrize("groups", [GROUPS, ["experiment"]], ids=["all groups", "experiment"])
def test_variations_are_composed_like_what_they_vary(groups: list[str], mine: Path, mgu_run: Command) -> None:
    if len(groups) > 1:  # an experiment chooses in the other groups
        groups = [group for group in groups if group != "experiment"]
    own = mgu_run("--cfg", "job", "--config-dir", "my", *chosen(groups, "mine"))
    base = mgu_run("--cfg", "job", *chosen(groups))
    assert own.returncode == base.returncode == 0, own.stderr
    assert yaml.safe_load(own.stdout) == yaml.safe_load(base.stdout)


@pytest.mark.parametrize("group", GROUPS)
def test_a_mistyped_choice_suggests_ones_own(
    group: str, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(mine.parent)
    monkeypatch.setattr("sys.argv", ["mgu-run", "--config-dir", "my", *chosen([group], "mien")])
    with pytest.raises(SystemExit) as exited:
        main()
    shown = capsys.readouterr().err
    assert exited.value.code == 2 and "Did you mean mine?" in shown and "Traceback" not in shown


def test_configurations_that_set_a_key_are_found_there_too(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine / "norm" / "fast.yaml").write_text("defaults: [bn_pre]\neps: 0.1\n")
    (mine / "norm" / "torn.yaml").write_text("defaults: [")
    monkeypatch.setattr("sys.argv", ["mgu-run", f"--config-dir={mine}", "norm=no_norm"])
    assert choices_with("norm.momentum") == ["bn_post", "bn_pre", "fast"] + ["mine"] * ("bn" in base_of("norm").stem)


def test_the_layout_is_named_after_its_file_whatever_is_in_it(mine: Path, mgu_run: Command, tmp_path: Path) -> None:
    (tmp_path / "my_net.py").write_text(
        "from torch import nn\n\n\ndef build(num_inputs, num_outputs):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs))\n"
    )
    (mine / "layout" / "linear.yaml").write_text("defaults: [python]\ntarget: my_net:build\n")
    done = mgu_run("check", "--config-dir", "my", "layout=linear")
    assert done.returncode == 0 and done.stdout.startswith("run       linear-s0 ("), done.stderr


def test_a_kind_of_data_that_there_is_not_is_told(mine: Path, mgu_run: Command) -> None:
    (mine / "dataset" / "flowers.yaml").write_text("defaults: [digits]\nname: flowers\n")
    done = mgu_run("check", "--config-dir", "my", "dataset=flowers")
    assert done.returncode == 2 and "A YAML of your own begins with `defaults: [python]`" in done.stderr
