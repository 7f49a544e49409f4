"""The command that tells the user: what it is given, that it changes nothing, and that its failure is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.record import make_result
from mgu.results.on_disk.result_file import write_result
from mgu.sweep import notify
from mgu.sweep.jobs import run_single
from mgu.sweep.notify import check_notify, notifying
from mgu.sweep.sweep import Sweep
from tests.conftest import Command, Configure


def with_command(configure: Configure, command: str, *words: str) -> RunConfig:
    return configure(*words).model_copy(update={"notify": command})


def told(path: Path) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if line.startswith("MGU_NOTIFY_"))
    return {name.removeprefix("MGU_NOTIFY_"): value for name, value in pairs}


def finish(config: RunConfig) -> None:
    run_folder(config).mkdir(parents=True)
    write_result(run_folder(config), make_result(config, "ok"))


def test_a_sweep_tells_its_state_its_counts_and_its_folder(configure: Configure, tmp_path: Path) -> None:
    configs = [with_command(configure, f"env > {tmp_path}/told", f"seed={seed}") for seed in (0, 1, 2)]
    with notifying(configs):
        finish(configs[0])
        finish(configs[1])
    found = told(tmp_path / "told")
    assert (found["STATE"], found["RUNS"], found["DONE"], found["MISSING"]) == ("failed", "3", "2", "1")
    assert found["FOLDER"] == str(run_folder(configs[0]).parent) and found["EXPERIMENT"] == "single"
    assert found["MESSAGE"].startswith("single: failed, 2 of 3 runs done in ")
    with notifying(configs):
        finish(configs[2])
    assert told(tmp_path / "told")["STATE"] == "done"


def test_an_interrupt_and_a_fault_are_told_and_go_on(configure: Configure, tmp_path: Path) -> None:
    config = with_command(configure, f"env > {tmp_path}/told")
    for error, state in ((KeyboardInterrupt, "interrupted"), (UserError, "failed")):
        with pytest.raises(error), notifying([config]):
            raise error
        assert told(tmp_path / "told")["STATE"] == state
    assert told(tmp_path / "told")["FOLDER"] == str(run_folder(config))


@pytest.mark.parametrize(
    ("command", "timeout_s", "words"),
    [
        ("echo no such door >&2; exit 3", 60, "ended with exit code 3: no such door"),
        ("true && no-such-command", 60, "ended with exit code 127"),
        ("exec sleep 600", 0.3, "did not end within 0 s and was stopped"),
    ],
)
def test_a_failure_of_the_command_is_said_and_nothing_else(
    command: str,
    timeout_s: float,
    words: str,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(notify, "TIMEOUT_S", timeout_s)
    with notifying([with_command(configure, command)]):
        pass
    shown = capsys.readouterr().out
    assert f"the command of notify {words}" in shown and len(shown.splitlines()) == 1


@pytest.mark.parametrize("command", ["no-such-command", "./no-such-file.sh --loud", "~/no-such-file.sh"])
def test_a_command_that_is_not_there_is_refused_and_leaves_nothing(command: str, configure: Configure) -> None:
    configs = [with_command(configure, command, f"seed={seed}") for seed in (0, 1)]
    for train in (Sweep(configs).prepare, lambda: run_single(configs[0])):
        with pytest.raises(UserError, match="notify must be a command that the shell finds"):
            train()
    assert not run_folder(configs[0]).parent.exists()


@pytest.mark.parametrize("command", ["true", "cd . && true", "(true)", "NAME=1 true", '"true"', "[ 1 = 1 ]"])
def test_other_commands_are_left_to_the_shell(
    command: str, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    check_notify(command)
    with notifying([with_command(configure, command)]):
        pass
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_command_line_runs_it_and_no_file_keeps_it(mgu_run: Command, tmp_path: Path) -> None:
    words = ["layout=digits_2", "training.epochs=1", "energy.enabled=false", f"notify='env > {tmp_path}/told'"]
    shown = mgu_run(*words)
    assert shown.returncode == 0, shown.stderr
    found = told(tmp_path / "told")
    assert (found["STATE"], found["DONE"]) == ("done", "1")
    assert all("notify" not in (Path(found["FOLDER"]) / name).read_text() for name in ("config.yaml", "result.json"))
