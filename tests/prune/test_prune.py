"""`mgu-run prune`: from a trained unit to a plain network on disk, and what it refuses."""

from __future__ import annotations

import errno
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pandas as pd
import pytest
import torch
from msgspec import structs
from rich.console import Console

from mgu.cli.export import _parse as parse_export
from mgu.cli.prune import main as prune
from mgu.config.layouts import PythonLayoutConfig
from mgu.config.prune import read_settings
from mgu.errors import UserError
from mgu.factory.trained import load_trained
from mgu.models.convnet import ConvNet
from mgu.prune import inputs, pipeline
from mgu.prune.baseline import find_baselines
from mgu.prune.benchmark import InferenceCost, Latency
from mgu.prune.convert import logits_of
from mgu.prune.figure import PICTURE_FILE, _costs
from mgu.prune.fix_gates import fix_by_threshold, round_near
from mgu.prune.inputs import check_kind, choosing_splits
from mgu.prune.load import load_pruned
from mgu.prune.network import GateId
from mgu.prune.outcome import (
    CONVERTED_FILE,
    EXPORT_FILES,
    OUTCOME_FILE,
    PRUNED_FILE,
    ModelRow,
    PruneOutcome,
)
from mgu.prune.pipeline import NEW_FOLDER, run_pruning, warning_of
from mgu.prune.terminal import print_outcome
from mgu.results.on_disk.file_names import PRUNE_FOLDER
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from mgu.unit.wiring import GATES
from tests.conftest import Configure
from tests.prune.networks import SETTINGS, quick


def test_constants_by_rule() -> None:
    found = round_near(torch.tensor([0.0, 0.05, 0.2, 0.93, 0.5]), 0.1)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 0.2, 1.0, 0.5]))


def test_thresholds_fix_what_hardly_varies(trained_unit: Path) -> None:
    trained = load_trained(trained_unit)
    model, images = trained.model, trained.splits.val
    assert isinstance(model, ConvNet)
    with torch.no_grad():  # one gate that does not see its input; all others vary
        cast(Any, model.blocks[0]).gate_transforms["skip"].weight.zero_()
    config = quick("thresholds=[0.0, 0.001, 0.5]")
    first, last = list(fix_by_threshold(model, images, config))  # the second threshold fixes no more than the first
    assert list(first.decisions) == [GateId(0, "skip")]
    assert len(last.decisions) == 2 * len(GATES)
    torch.testing.assert_close(logits_of(first.model.eval(), images), logits_of(model, images), rtol=1e-4, atol=1e-4)
    assert not [*fix_by_threshold(load_trained(trained_unit).model, images, quick("thresholds=[0.0]"))]  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("either", ["true", pytest.param("false", marks=pytest.mark.long)])
def test_the_whole_way(trained_unit: Path, either: str) -> None:
    trained = load_trained(trained_unit)
    before = {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}
    outcome, folder = run_pruning(
        trained, quick(f"by_channel={either}", f"layer_norm={either}"), "torch", lambda line: None
    )
    torch.testing.assert_close(trained.model.state_dict(), before)  # the unit itself is left as it was
    rows = {row.name: row for row in outcome.rows}
    unit, converted, plain = (rows[name].cost for name in ("unit", "converted", "baseline no_norm, not trained"))
    assert unit.params_keras == trained.result.params_keras and unit.flops == trained.result.flops_per_sample
    assert plain.params_keras <= converted.params_keras < unit.params_keras
    assert outcome.gates == 2 * len(GATES) and outcome.within
    each_channel = {name for name, value in outcome.decisions.items() if isinstance(value, list)}
    assert bool(each_channel) == (either == "true")
    to_ln = [value for name, value in outcome.decisions.items() if name.endswith("bn_or_ln")]
    assert to_ln and set(to_ln) <= ({0.0, 1.0} if either == "true" else {1.0})  # never channel by channel
    assert [point.cost.params_keras for point in outcome.points] == sorted(
        (point.cost.params_keras for point in outcome.points), reverse=True
    )
    reloaded = load_pruned(trained_unit)
    splits, _ = choosing_splits(trained)
    assert splits.test is trained.splits.val  # which validated the run, and is not chosen by
    found = float((logits_of(reloaded, splits.val).argmax(1) == cast(Any, splits.val).labels).double().mean())
    assert found == rows["pruned"].val == rows["converted"].val
    written = {file.name for file in folder.iterdir()}
    assert written == {"prune.json", "pruned.safetensors", "converted.safetensors", "converted.pt2", "prune.png"}


@pytest.mark.parametrize("fails", ["save_weights", "draw_curve", "write_outcome"])
def test_files_of_an_earlier_call_stay_where_new_ones_cannot_be_written(
    fails: str, trained_unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prune_folder = trained_unit / PRUNE_FOLDER
    prune_folder.mkdir()
    names = (OUTCOME_FILE, PICTURE_FILE, PRUNED_FILE, CONVERTED_FILE, EXPORT_FILES["torch"])
    for name in names:
        (prune_folder / name).write_text(f"an earlier {name}")
    (prune_folder / NEW_FOLDER).mkdir()  # of a call that was killed

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pipeline, fails, full)
    with pytest.raises(OSError, match="No space left"):
        run_pruning(load_trained(trained_unit), quick("method=threshold"), None, lambda line: None)
    assert {file.name: file.read_text() for file in prune_folder.iterdir()} == {
        name: f"an earlier {name}" for name in names
    }


def some_outcome(examples: str = "images") -> PruneOutcome:
    latency = Latency(median_ms=76.5, lower_ms=51.25, upper_ms=90.125)
    cost = InferenceCost(params_keras=586_602, flops=9_363_136, latency={1: latency, 256: latency},
                joules_per_1000=2.25, energy_method="model")  # fmt: skip
    names = ("unit", "pruned", "converted", "baseline no_norm, not trained")
    rows = [ModelRow(name=name, val=0.9913, test=0.9914, cost=cost, difference=6e-7) for name in names]
    return PruneOutcome(
        run="r", identity="i", settings={"max_loss": 0.1}, chosen_on=f"the run's validation {examples}",
        gates=16, chosen="9 gates fixed", within=True, decisions={}, rows=rows, points=[], search_s=1.0, tune_s=2.0,
        energy=None, train_s=3.0, energy_of_training=None, contended=False, device="cpu", examples=examples,
        kept=("1.skip", "4.bn_order"),
    )  # fmt: skip


@pytest.mark.parametrize("width", [80, 120, 240])
def test_the_table_leaves_columns_out_rather_than_figures(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Console(width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr("mgu.prune.terminal.table_console", lambda: terminal)
    outcome = some_outcome()
    print_outcome(outcome)
    printed = capsys.readouterr().out
    assert "…" not in printed and max(map(len, printed.splitlines())) <= width
    assert printed.count("586,602") == len(outcome.rows)
    assert ("51.250-90.125" in printed) == (width == 240) == ("Columns hidden to fit the terminal" not in printed)
    assert "256 images [ms]" in printed and "Its remaining gates are: 1.skip, 4.bn_order." in printed


@pytest.mark.parametrize("columns", [None, "60"])
@pytest.mark.parametrize(("examples", "one"), [("images", "image"), ("rows", "row")])
def test_what_is_piped_names_the_examples_as_the_data_do_and_has_a_sentence_in_a_line(
    examples: str, one: str, columns: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of rows was said to have images, and sentences were broken where no terminal is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    outcome = some_outcome(examples)
    print_outcome(outcome)
    printed = capsys.readouterr().out
    if not columns:
        titles = next(line for line in printed.splitlines() if "parameters" in line)
        for title in (f" 1 {one} [ms] ", f" 256 {examples} [ms] ", f" J / 1,000 {examples} "):
            assert title in titles
        assert "Columns hidden" not in printed
    (times,) = (line for line in printed.splitlines() if line.startswith("The converted network has"))
    assert times.endswith(f" the time of one {one} of the cheapest baseline.")
    assert f"\nIt was chosen by the accuracy on the run's validation {examples}.\n" in printed
    assert (examples == "images") == ("image" in printed)
    axes = " ".join(_costs(outcome))
    assert f"time of one {one} [ms]" in axes and f"energy of 1,000 {examples} [J]" in axes


def test_the_loss_is_told_on_the_data_that_chose_and_on_test_data(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = some_outcome()
    unit, pruned, *others = outcome.rows
    rows = [structs.replace(unit, val=0.775, test=0.71), structs.replace(pruned, val=0.8, test=0.68), *others]
    print_outcome(structs.replace(outcome, rows=rows, warning="The unit is no better than a guess."))
    printed = capsys.readouterr().out
    assert "is within 0.1 points of the unit on the data that chose it (+2.50 points; on test data -3.00 points)." in (
        printed
    )
    assert "\nThe unit is no better than a guess.\n" in printed
    print_outcome(
        structs.replace(outcome, rows=[structs.replace(unit, test=None), structs.replace(pruned, test=None), *others])
    )
    assert "on the data that chose it (+0.00 points)." in capsys.readouterr().out


def test_a_trained_network_without_norm_is_the_cheapest_baseline(trained_unit: Path, configure: Configure) -> None:
    """It stood there as not trained, though the folder had three of it."""
    unit = load_trained(trained_unit)
    layout = unit.config.layout.name
    where = (f"runs_dir={trained_unit.parents[1]}", f"experiment_name={trained_unit.parent.name}")
    for norm in ("ln", "no_norm"):
        config = configure(f"layout={layout}", f"norm={norm}", "training.epochs=1", *where)
        run_folder(config).mkdir(parents=True)
        run(config, lambda event: None)
    baselines = find_baselines(unit)
    assert list(baselines)[-1] == "baseline no_norm" and set(baselines) <= {"baseline ln", "baseline no_norm"}
    result = baselines["baseline no_norm"][1]
    assert result and result.norm == "no_norm" and result.val


def test_a_unit_that_names_one_class_is_not_sold(trained_unit: Path) -> None:
    result = load_trained(trained_unit).result
    assert warning_of(result) is None and result.val
    collapsed = structs.replace(result.val, accuracy=0.1, confusion=[[10, 0], [90, 0]])
    warning = warning_of(structs.replace(result, val=collapsed, test=None, classes=None))
    assert warning and warning.startswith("The unit is no better than a guess: the network names class 0 for each")


def test_an_interrupted_call_leaves_what_was_there(trained_unit: Path) -> None:
    earlier = trained_unit / PRUNE_FOLDER / OUTCOME_FILE
    earlier.parent.mkdir()
    earlier.write_text("{}")

    def interrupt(line: str) -> None:
        if "measuring" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_pruning(load_trained(trained_unit), quick("method=threshold", "epochs=0"), None, interrupt)
    assert earlier.read_text() == "{}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["epoch=3"], "epoch must be one of .* Did you mean epochs"),
        (["epochs"], "arguments after RUN must be key=value, but got 'epochs'"),
        (["epochs=-1"], "epochs must be greater than or equal to 0, but got -1"),
        (["distill=1"], "distill must be less than 1, but got 1"),
        (["thresholds=[0.7]"], "thresholds.0 must be less than or equal to 0.5"),
        (["method=guess"], "method must be 'stepwise' or 'threshold'|method must be stepwise or threshold"),
    ],
)
def test_values_that_are_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_settings(SETTINGS, overrides)


def test_what_need_not_be_given_is_not_called_required() -> None:
    for arguments in ([], ["--export", "onnx"]):
        with pytest.raises(UserError, match=r"the following arguments are required: RUN\.$"):
            prune(arguments)


def test_runs_that_are_refused(trained_unit: Path) -> None:
    trained = load_trained(trained_unit)
    without = trained.config.model_copy(update={"mgu": None})
    baseline = replace(trained, resolved=replace(trained.resolved, config=without))
    with pytest.raises(UserError, match=r"RUN must be of a unit, but .* is a baseline"):
        run_pruning(baseline, quick(), None, lambda line: None)
    construct: Any = PythonLayoutConfig.model_construct  # not all of its values
    own = without.model_copy(update={"layout": construct(target="my:Net")})
    of_own = replace(trained, resolved=replace(trained.resolved, config=own))
    with pytest.raises(UserError, match=r"RUN must be of a stack of units, but .* network of your own \(my:Net\)"):
        run_pruning(of_own, quick(), None, lambda line: None)
    with pytest.raises(UserError, match="RUN must have been pruned"):
        load_pruned(trained_unit)


def test_the_advice_of_a_run_on_a_table_works_when_pasted(trained_unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = replace(load_trained(trained_unit), folder=Path("a folder/run"))
    monkeypatch.setattr(inputs, "Exportable", pd.DataFrame)  # which no data are
    with pytest.raises(UserError) as told:
        check_kind(trained, "onnx")
    (command,) = re.findall("`mgu-run export (.*)`", str(told.value))
    options = parse_export(shlex.split(command))
    assert (options.run, options.to, options.pruned) == ("a folder/run", "onnx", True)


@pytest.mark.slow
@pytest.mark.long
def test_the_same_call_gives_the_same_network(trained_unit: Path) -> None:
    """Dropout draws anew in every training."""
    found = []
    for _ in range(2):
        _, folder = run_pruning(load_trained(trained_unit), quick(), None, lambda line: None)
        found.append((folder / "pruned.safetensors").read_bytes())
    assert found[0] == found[1]


def test_gates_without_an_effect_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Of ten gates eight were fixed and none remained."""
    name = "dense_2-mgu-equations-gate-channel-bypass-padded-norm_or_none+5-s0"
    outcome = msgspec.structs.replace(some_outcome(), run=name, gates=10, kept=())
    print_outcome(msgspec.structs.replace(outcome, decisions={f"{k}.skip": 1.0 for k in range(8)}))
    printed = capsys.readouterr().out
    assert "Its remaining gates are: none; 2 more have no effect, for other gates never choose" in printed
    assert "dense_2-mgu-lean-s0" in printed and "norm_or_none" not in printed
