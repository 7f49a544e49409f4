"""`mgu-run` as a user types it, in processes of its own: exit codes, messages, sweeps, evidence on disk."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from hydra.core.plugins import Plugins

import mgu
from mgu.cli.exit_codes import exit_codes
from mgu.cli.hydra_errors import translate_error
from mgu.cli.main import main
from mgu.errors import ProgramError, RunsFailed, UserError, marking_bugs
from tests.conftest import Command

pytestmark = pytest.mark.slow

QUICK = ("layout=digits_2", "training.epochs=2", "energy.enabled=false")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("layout=digts_2", "layout must be one of {}, but got 'digts_2'. Did you mean digits_2?"),
        ("laout=digits_2", "Unknown key: laout. Did you mean layout?"),
        ("training.epoch=3", "Unknown key: training.epoch. Did you mean training.epochs?"),
        (
            "dataset=digits dataset.testshare=0.1",
            "The nearest, dataset.test_share, is one of dataset=cases, not of digits.",
        ),
        ("+experimnt=digits", "Did you mean experiment?"),
        ("+experiment=digit", "Did you mean digits?"),
        ("optimizer.lr=-1", "optimizer.lr must be greater than 0, or auto, but got -1"),
        ("mgu=reference norm=ln", "norm must not be set together with a unit"),
        ("mgu=lean mgu.gate_bias={skp:1}", "Unknown key: mgu.gate_bias.skp."),
        ("mgu.wiring=equations", "mgu.wiring must go with a configuration of mgu that sets it"),
        ("norm=null", "norm must be one of bn_post, bn_pre, ln, no_norm, but got null. Leave norm out, or name one."),
        ("residual=true", "residual must be one of with, without, but got true. Did you mean with?"),
        ("residual=on", "residual must be one of with, without, but got 'on'. Did you mean with?"),
        ("mgu=false", "switchable_norm, without, but got false. Did you mean without?"),
        ("norm=", "norm must be one of bn_post, bn_pre, ln, no_norm, but got nothing. Leave norm out, or name one."),
        ("reprot", "but got 'reprot'. Did you mean report?"),
        ("layout=[", "arguments must be key=value in Hydra's grammar, but got layout=["),
        ("--config-dir nowhere", "nowhere"),
        ("layout=mnist_4", "gets 1x1 from a 8x8 image"),
        ("runs_dir=/proc/none", "the runs folder must be a folder that can be written, but /proc/none"),
        ("device=cuda:9", "device must be one of this machine's"),
        ("energy.country=XXX", "energy.country must be"),
        ("layout.scale_filters=1e200", "layout.scale_filters must be less than or equal to 100"),
        ("seed=99999999999999999999999", "seed must be less than 9223372036854775808"),
        ("dataset.num_classes=5", "dataset.num_classes must be that of digits, 10, but got 5"),
        ("experiment_name=..", "experiment_name must"),
        ("layout.name=a/b", "layout.name must"),
        ("experiment=digits", "experiment must be added, as +experiment=NAME"),
        ("seed=1,2", "Add -m to sweep over them."),
        ("device=gpu", "device must be auto, cpu, cuda or cuda:N, but got 'gpu'"),
        ("runs_dir=${oc.env:NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE"),
        ("-m +experiment=digits,mnist", "experiment must be one"),
        ("-m norm=ln,lm", "norm must be one of"),
        ("-m +experiment=digits seed=0,-1", "seed must be greater than or equal to 0, but got -1"),
        ("-m +experiment=digits ~hydra.sweeper.grids", "hydra.sweeper.grids must be set, but is missing"),
        ("report --by norm --by lr", "--by must be given once, but got norm and lr. Leave one of them out."),
        ("search export x --optuna j --study a b --study c", "must be given once, but got a b and c. Name all after"),
        ("~layout", "layout must be set, but is missing. Add it"),
        ("~threads", "~threads must name a key that has a value here, but threads has none. Leave ~threads out."),
        ("~notify", "~notify must name a key that has a value here"),
        ("force=yes", "force must be true or false, but got 'yes'"),
        ("report nowhere", "nowhere: does not exist"),
        ("explain nowhere", "RUN must be the folder of a finished run, but there is no nowhere."),
        ("explain", "arguments must be as mgu-run explain --help says"),
        ("explian x", "but got 'explian'. Did you mean explain?"),
        ("report", "Run `mgu-run +experiment=digits -m` first"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(
    arguments: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(sys, "argv", ["mgu-run", *arguments.split()])
    with pytest.raises(SystemExit) as exited:
        main()
    shown = capsys.readouterr().err
    before, _, after = message.partition("{}")
    assert before in shown and after in shown and exited.value.code == 2
    assert "Traceback" not in shown and len(shown.splitlines()) <= 2
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_mistake_ends_the_process_without_a_traceback(mgu_run: Command) -> None:
    done = mgu_run("optimizer.lr=-1", "+epoch=3")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 2 and "Traceback" not in done.stderr


def start(arguments: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int | str | None:
    """The exit code of the command in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(sys, "argv", ["mgu-run", *arguments.split()])
    with pytest.raises(SystemExit) as exited:
        main()
    return exited.value.code


@pytest.mark.parametrize(
    ("arguments", "function"),
    [
        ("-m seed=0,1", "hydra_plugins.mgu_sweeper.expand_grids"),  # in the sweeper
        ("-m seed=0,1", "mgu.cli.compose.check_config"),  # while a sweep is checked
        ("-m seed=0,1", "mgu.sweep.sweep.check_installed"),
        ("-m seed=0,1", "mgu.sweep.launch.run_folder"),
        ("-m seed=0,1", "mgu.sweep.jobs.find_done"),  # in a job of a sweep, of which the launcher tells
        ("seed=0", "mgu.cli.compose.check_config"),
        ("seed=0", "mgu.sweep.jobs.find_done"),  # in a single run
        ("plan seed=0,1", "mgu.sweep.plan.find_samples"),
    ],
)
def test_a_bug_keeps_its_traceback_and_exit_code_1(
    arguments: str,
    function: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stumble(*arguments: object, **keywords: object) -> None:
        raise LookupError("a slip of ours")

    Plugins.instance()  # reads the plugins itself, anew, which would undo the patch
    module, _, name = function.rpartition(".")
    monkeypatch.setattr(import_module(module), name, stumble)  # Hydra's plugins are attributes of no package
    code = start(f"{arguments} {' '.join(QUICK)}", monkeypatch, tmp_path)
    shown = capsys.readouterr().err
    assert code == 1 and "must fit the configuration" not in shown
    assert "Traceback" in shown and "in stumble" in shown and shown.rstrip().endswith("LookupError: a slip of ours")


def test_a_bug_in_a_process_of_a_launcher_keeps_its_traceback() -> None:
    def stumble() -> None:
        with marking_bugs():
            raise LookupError("a slip of ours")

    with pytest.raises(ProgramError) as caught:
        stumble()
    sent = pickle.loads(pickle.dumps(caught.value))  # as joblib, submitit and ray do
    assert str(sent) == "LookupError: a slip of ours" and "in stumble" in sent.traceback


@pytest.mark.parametrize("error", [UserError("x"), RunsFailed("x"), OSError(28, "x"), KeyboardInterrupt()])
def test_what_is_foreseen_is_no_bug(error: BaseException) -> None:
    with pytest.raises(type(error)), marking_bugs():
        raise error


@pytest.mark.parametrize("flags", ["", "-m"])
def test_broken_yaml_shows_no_traceback(
    flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my" / "layout").mkdir(parents=True)
    (tmp_path / "my" / "layout" / "broken.yaml").write_text("num_layers: [")
    code = start(f"{flags} --config-dir my layout=broken,digits_2" if flags else "--config-dir my layout=broken",
                 monkeypatch, tmp_path)  # fmt: skip
    shown = capsys.readouterr().err
    assert code == 2 and "the command line must fit the configuration" in shown and "Traceback" not in shown


def test_the_package_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mgu"]
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert version.stdout.startswith("mgu-run 0.")
    wrong = subprocess.run([*command, "report", "nowhere"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert wrong.returncode == 2 and "nowhere: does not exist" in wrong.stderr


def test_the_package_lists_its_public_names() -> None:
    assert set(dir(mgu)) == {"MultiGatedUnit", "Splits", "load", "load_runs", "__version__"}


def test_dataset_that_is_absent_names_the_path_and_how_to_fill_it(mgu_run: Command, tmp_path: Path) -> None:
    # A proxy that refuses stands for a machine without a network.
    offline = {
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "MGU_DATA": str(tmp_path / "data"),
    }
    done = mgu_run("dataset=mnist", "layout=mnist_2", **offline)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"must be below {tmp_path / 'data'}" in done.stderr and "set MGU_DATA" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version"], "mgu-run 0."),
        (["plan", "--foo"], "flags must be ones that mgu-run plan --help or --hydra-help lists, but got --foo. Leave"),
        (["plan", "seed=0", "--frmat", "json"], "--hydra-help lists, but got --frmat. Did you mean --format?\n"),
        (["plan", "--calibrat", "--frmat=json"], "but got --calibrat --frmat. Did you mean --calibrate?\n"),
        (
            ["config", "--frmat", "yaml"],
            "mgu-run config --help or --hydra-help lists, but got --frmat. Did you mean --f",
        ),
        (["--multirn", "seed=0,1"], "that mgu-run --hydra-help lists, but got --multirn. Did you mean --multirun?\n"),
        (["--epochs", "3"], "but got --epochs. Values are set without dashes: training.epochs=..."),
        (["report", "runs", "--frmat", "json"], "unrecognized arguments: --frmat json. Did you mean --format?\n"),
        (["plan", "--format", "xml"], "arguments must be as mgu-run plan --help says"),
        (["report", "--format", "xml"], "arguments must be as mgu-run report --help says"),
        (["-m", "plan"], "Put it first: mgu-run plan"),
    ],
)
def test_flags(arguments: list[str], message: str, mgu_run: Command) -> None:
    done = mgu_run(*arguments)
    assert done.returncode == (0 if arguments == ["--version"] else 2)
    assert (done.stdout + done.stderr).startswith(message) or message in done.stderr


def test_another_sweeper_is_answered_by_the_search_that_does_the_same() -> None:
    text = "Could not find 'hydra/sweeper/optuna'\n\nAvailable options in 'hydra/sweeper':\n\tbasic\n\tgrids\n"
    told = translate_error(ValueError(text))
    assert told.startswith("hydra/sweeper must be one of basic, grids, but got 'optuna'.")
    assert "search=tpe space=grid -m" in told


def test_a_launcher_that_is_not_installed_says_how_to() -> None:
    text = "In 'config': Could not find 'hydra/launcher/ray'\n\nAvailable options in 'hydra/launcher':\n\tbasic\n"
    assert "make extra-ray" in translate_error(ValueError(text)) and "'ray>=2.50'" in translate_error(ValueError(text))


def test_grids_without_names_are_told_their_rule() -> None:
    text = "In '{}': ConfigTypeError raised while composing config:\nCannot merge DictConfig with ListConfig"
    told = translate_error(ValueError(text.format("experiment/mine")))
    assert (
        told.startswith("experiment/mine.yaml must have a mapping where") and "Grids have names, each a mapping" in told
    )
    assert translate_error(ValueError(text.format("layout/mine"))).endswith("Write keys and their values instead.")


def test_a_run_leaves_its_evidence_and_is_not_run_twice(mgu_run: Command, tmp_path: Path) -> None:
    done = mgu_run("layout=digits_2", "norm=ln", "training.epochs=2", "dataset.split=holdout")
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("digits_2-ln-s0 on cpu") for line in done.stdout.splitlines())
    assert "epoch 2/2" in done.stdout
    (folder,) = (tmp_path / "runs" / "single").iterdir()
    files = {file.name for file in folder.iterdir()}
    assert files == {
        "result.json",
        "history.csv",
        "config.yaml",
        "weights.safetensors",
        "preprocessing.json",
        "correct.bits",
        "load.csv",
        "log.txt",
        ".lock",
    }
    result = json.loads((folder / "result.json").read_text())
    assert result["status"] == "ok" and result["schema_version"] == 6 and result["params_keras"] == 5226
    assert result["test"]["accuracy"] > 0.5 and result["val"]["precision"] > 0.5
    assert result["energy"]["cpu"]["kwh"] > 0 and result["energy"]["cpu_seconds"] > 0
    assert result["energy"]["cpu"]["method"] in ("rapl", "model") and result["energy"]["ram"]["method"] == "model"
    assert yaml.safe_load((folder / "config.yaml").read_text())["norm"]["name"] == "ln"
    assert len((folder / "history.csv").read_text().splitlines()) == 3
    phases = result["load"]["phases"]
    assert list(phases) == ["setup", "build", "train", "checkpoint", "evaluate", "explain"]
    assert phases["train"]["processor_s"] > 0 and "load.csv" in result["files"]

    again = mgu_run("layout=digits_2", "norm=ln", "training.epochs=2", "dataset.split=holdout")
    assert "was there" in again.stdout and "epoch" not in again.stdout.replace("epochs", "")


def test_a_sweep_goes_on_on_another_machine_from_its_pack(mgu_run: Command, tmp_path: Path) -> None:
    assert mgu_run("-m", "experiment_name=long", "norm=ln", *QUICK).returncode == 0
    assert mgu_run("pack", "runs/long", "--to", "kept").returncode == 0
    shutil.rmtree(tmp_path / "runs")
    with tarfile.open(tmp_path / "kept" / "runs.tar.xz") as archive:
        archive.extractall(tmp_path / "runs", filter="data")
    again = mgu_run("-m", "experiment_name=long", "norm=ln,no_norm", *QUICK)
    assert again.returncode == 0 and again.stdout.count("(was there)") == 1, again.stderr
    assert "1 done (force=true trains them again), 1 to train" in again.stdout


def test_an_experiment_narrows_and_its_report_joins_the_runs(mgu_run: Command) -> None:
    sweep = mgu_run("+experiment=digits", "-m", "layout=digits_2", "norm=ln,no_norm", *QUICK[1:])
    assert sweep.returncode == 0 and "4 runs: 4 baselines and 0 units" in sweep.stdout, sweep.stderr
    units = mgu_run("+experiment=digits", "-m", "layout=digits_2", "mgu=reference,equations", *QUICK[1:])
    assert "2 runs: 0 baselines and 2 units" in units.stdout, units.stderr
    assert len([line for line in units.stdout.splitlines() if "digits_2-mgu" in line]) == 2  # one line a run
    report = mgu_run("report", "--format", "json")
    (experiment,) = json.loads(report.stdout)["experiments"]
    assert len(experiment["rows"]) == 6 and [row["rank"] for row in experiment["rows"]] == [1, 2, 3, 4, 5, 6]
    accuracies = [row["val_acc"] for row in experiment["rows"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert any(line.startswith("The grid search costs, relative to mgu-") for line in experiment["summary"])


def test_a_layout_of_the_users_own(mgu_run: Command, tmp_path: Path) -> None:
    mine = tmp_path / "my" / "layout" / "mine.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("defaults: [digits_2]\nnum_layers: 1\nstart_filters: 4\n")
    done = mgu_run("--config-dir", "my", "layout=mine", *QUICK[1:])
    assert done.returncode == 0 and "mine-bn_pre-s0" in done.stdout, done.stderr


@pytest.mark.parametrize("content", ["num_layers: [", "a: 1\na: 2\n\tb: 3", "defaults: [broken]", "- 1\n- 2", ""])
def test_a_broken_layout_of_the_users_own(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my" / "layout").mkdir(parents=True)
    (tmp_path / "my" / "layout" / "broken.yaml").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mgu-run", "--config-dir", "my", "layout=broken"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 2 and " must " in capsys.readouterr().err


def test_flags_may_come_anywhere(mgu_run: Command) -> None:
    done = mgu_run("layout=digits_2", "-m", "seed=0,1", *QUICK[1:])
    assert done.returncode == 0 and "2 runs" in done.stdout, done.stderr


def test_a_run_that_fails_is_recorded_and_the_sweep_goes_on(mgu_run: Command, tmp_path: Path) -> None:
    """More filters than any memory holds: the allocator refuses at once, and the next run is unharmed."""
    filters = 10**12
    done = mgu_run("-m", f"layout.start_filters={filters},16", f"layout.max_filters={filters}", *QUICK)
    assert done.returncode == 1 and "1 of 2 runs failed" in done.stderr and "Traceback" not in done.stderr
    results = [json.loads(file.read_text()) for file in (tmp_path / "runs").rglob("result.json")]
    assert any(line.startswith("on cpu (") for line in done.stdout.splitlines())
    assert "0 done, 2 to train" in done.stdout
    assert sorted(result["status"] for result in results) == ["failed", "ok"]
    (failed,) = [result for result in results if result["status"] == "failed"]
    assert "memory" in failed["error"]
    (log,) = [file for file in (tmp_path / "runs").rglob("log.txt") if "Traceback" in file.read_text()]
    assert "RuntimeError" in log.read_text()


def test_settings_for_codecarbon_from_outside_change_nothing(mgu_run: Command, tmp_path: Path) -> None:
    (tmp_path / ".codecarbon.config").write_text("[codecarbon]\nforce_cpu_power=100000\n")
    done = mgu_run("layout=digits_2", "training.epochs=2", CODECARBON_FORCE_CPU_POWER="100000", CODECARBON_PUE="1e6")
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / "runs").rglob("result.json")
    result = json.loads(file.read_text())
    energy, assumed_w = result["energy"], result["processor"]["design_power_w"]
    assert assumed_w is None or assumed_w < 4 * (os.cpu_count() or 1) * 2 + 500  # None: it is measured
    # Where the machine stood still between a reading and the clock, a multiple of it; with the factor, a million times.
    assert energy["cpu"]["kwh"] * 3.6e6 / energy["tracked_s"] < 50_000
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "/a"), "files must be readable and writable, but got: [Errno 13]"),
        (OSError(5, "Input/output error"), "files must be readable and writable, but got: [Errno 5] Input/output"),
        (OSError(24, "Too many open files"), "Too many open files. Raise the limit on open files (ulimit -n)."),
        (OSError(12, "Cannot allocate memory"), "the system must have room, but got: [Errno 12] Cannot allocate"),
        (ConnectionRefusedError(111, "Connection refused"), "Traceback (most recent call last)"),
        (OSError("cannot identify image file"), "Traceback (most recent call last)"),
    ],
)  # fmt: skip
def test_only_what_the_system_says_of_files_is_taken_for_a_fault_of_files(
    error: OSError, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped, exit_codes(["report"]):
        raise error
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert told in said and str(error) in said and ("files must be" in said) == (error.errno in (5, 13))


def test_only_training_says_that_it_goes_on_when_it_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for words in (["report"], ["plan", "seed=0"], ["layout=digits_2"]):
        with pytest.raises(SystemExit) as stopped, exit_codes(words):
            raise KeyboardInterrupt
        assert stopped.value.code == 130
        said.append("goes on from the last epoch" in capsys.readouterr().err)
    assert said == [False, False, True]
