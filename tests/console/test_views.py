"""The progress of runs in lines and live, and the table at the end of a sweep."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from rich.console import Console

from mgu.config.run import RunConfig
from mgu.console import lines as lines_module
from mgu.console.lines import LineView, Training
from mgu.console.live import LiveView
from mgu.console.outcomes import RunOutcome, describe_missing, print_outcomes
from mgu.console.summary import summarise
from mgu.console.text import count, print_line
from mgu.results.compare.axes import Axes
from mgu.results.events import Began, DataNote, EpochEnded, Note, Progress, Stepped
from mgu.results.on_disk.folder import lock_run, run_folder
from mgu.results.on_disk.result_file import write_result
from tests.by_hand import ByHand
from tests.conftest import Configure
from tests.examples import example_result

ROW = {"epoch": 2, "train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.75}
EVENTS: list[Progress] = [
    DataNote("1 image skipped"),
    Began("cpu", epochs_done=1, steps_per_epoch=10),
    Note("continues after epoch 1"),
    Stepped(5),
    EpochEnded(ROW),
]


def show(view: LineView, config: RunConfig, number: int | None) -> None:
    """A run from its start to its end."""
    with view:
        view.started([config], "here")
        for event in EVENTS:
            view.handle(config, event)
        view.ended(example_result(), number)
        view.stopped([config])


def test_a_single_run_in_lines_shows_every_epoch(configure: Configure, capsys: pytest.CaptureFixture[str]) -> None:
    config = configure("training.epochs=3")
    show(LineView(in_sweep=False), config, None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{config.name}: 1 image skipped"
    assert lines[1] == f"{config.name} on cpu; files in here"
    assert lines[2] == f"{config.name}: continues after epoch 1"
    assert lines[3].startswith("epoch 2/3  loss 1.0000  train 50.00%  val loss 0.9000  val 75.00%  at most ")
    assert lines[4].startswith("digits_2-ln-s0") and "90.00%" in lines[4] and len(lines) == 5


def test_a_run_of_a_sweep_in_lines_shows_notes_and_its_end(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    show(LineView(in_sweep=True), configure("training.epochs=3"), 7)
    note, end = capsys.readouterr().out.splitlines()
    assert note.endswith("continues after epoch 1") and end.startswith("  7  digits_2-ln-s0")


@pytest.mark.parametrize("total", [None, 4])
def test_the_live_view_shows_the_current_run_and_prints_its_end_above(total: int | None, configure: Configure) -> None:
    config, file = configure("training.epochs=3"), io.StringIO()
    view = LiveView(Console(file=file, force_terminal=True, width=200), total, left_s=lambda running: 90.0)
    with view:
        view.started([config], "here")
        for event in EVENTS:
            view.handle(config, event)
        (bar,) = view.running.tasks
        assert bar.completed == 15 and bar.total == 30
        assert "epoch 3/3" in bar.description and "val 75.00%" in bar.fields["scores"]
        view.ended(example_result(), 1)
        view.stopped([config])
        assert not view.running.tasks
    shown = file.getvalue()
    assert "digits_2-ln-s0" in shown and "90.00%" in shown
    if total:
        assert view.runs.tasks[0].completed == 1 and view.runs.tasks[0].fields["left"] == "about 1 min 30 s left"
        assert "CPU 1 Wh (model, estimated)" in view.summary.plain and "best so far digits_2" in view.summary.plain


def test_the_live_view_shows_runs_side_by_side_in_a_line_each(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 80 columns: each with its epochs, its bar, its score and its time, whichever of them an event comes from."""
    configs = [configure("layout=digits_3", "norm=bn_post", "residual=with", f"seed={seed}") for seed in range(2)]
    view = LiveView(Console(file=io.StringIO(), force_terminal=True, width=80), 4, left_s=lambda running: 90.0)
    clock = ByHand()
    clock.rule(monkeypatch, [lines_module])
    with view:
        for config in configs:
            view.started([config], "here")
            view.handle(config, Began("cpu", epochs_done=0, steps_per_epoch=10))
        clock.now_s += 0.06
        for epoch, accuracy in ((1, 0.25), (2, 0.5)):
            for shift, config in enumerate(configs):
                view.handle(config, EpochEnded(ROW | {"epoch": epoch + shift, "val_accuracy": accuracy + shift / 4}))
        paper = Console(file=io.StringIO(), width=80)
        with paper.capture() as capture:
            paper.print(view.live.get_renderable())
        lines = [line for line in capture.get().splitlines() if "digits_3-bn_post-res" in line]
        assert len(lines) == 2
        left = ("2.9 s", "1.9 s")  # 0.06 s for 2 of 100 epochs, and for 3
        for seed, (line, epoch, score) in enumerate(zip(lines, (3, 4), ("50.00%", "75.00%"), strict=True)):
            assert f"digits_3-bn_post-res-s{seed}  epoch {epoch}/" in line and f"val {score}" in line
            assert len(line.rstrip()) <= 80 and line.rstrip().endswith(f"  < {left[seed]}")
        view.ended(example_result(contended=True), 1)
        view.stopped(configs[:1])
        (bar,) = view.running.tasks
        assert "-s1 " in bar.description
    assert "energy not known (contended)" in view.summary.plain  # each was measured with the other


def test_the_table_of_a_sweep_names_what_has_no_result_and_why(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = [configure("layout=digits_2", f"seed={seed}") for seed in range(5)]
    for config, status in zip(configs, ("ok", "diverged", "failed"), strict=False):
        run_folder(config).mkdir(parents=True)
        error = "ValueError: a bad day" if status == "failed" else None
        write_result(run_folder(config), example_result(status=status, identity=config.identity, error=error))
    run_folder(configs[3]).mkdir(parents=True)
    with lock_run(run_folder(configs[3])):
        outcomes = [RunOutcome.read(config, None) for config in configs]
    assert [outcome.is_success for outcome in outcomes] == [True, True, False, False, False]
    print_outcomes(outcomes, took_s=75.0)
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1] == "5 runs: 1 ok, 1 diverged, 1 failed, 1 running, 1 pending; 1 min 15 s"
    assert configs[0].name not in shown and configs[4].name not in shown  # nothing to say of them
    assert "the loss was not finite in epoch 12" in shown and "ValueError: a bad day" in shown
    assert str(run_folder(configs[2]) / "log.txt") in shown.replace("\n", "") and "goes on in another process" in shown


@pytest.mark.parametrize(
    ("states", "sentences"),
    [
        ((), ""),
        (("ok", "diverged"), ""),
        (("ok", "failed"), "1 of 2 runs failed. The same command tries it again."),
        (("failed", "failed"), "2 of 2 runs failed. The same command tries them again."),
        (
            ("closed", "failed", "ok"),
            "1 of 3 runs failed. The same command tries it again. 1 of 3 runs was skipped: its "
            "folder is closed to you.",
        ),
        (("foreign", "ok"), "1 of 2 runs was skipped: another version of mgu trained it."),
        (
            ("foreign", "pending", "foreign"),
            "1 of 3 runs failed. The same command tries it again. 2 of 3 runs were skipped: another version of mgu "
            "trained them.",
        ),
    ],
)
def test_what_the_same_command_cannot_mend_is_told_apart(
    states: Sequence[str], sentences: str, configure: Configure
) -> None:
    config = configure("layout=digits_2")
    assert describe_missing([RunOutcome(config, state, 0, "") for state in states]) == sentences


def test_runs_under_way_are_known_by_their_own_epochs(configure: Configure) -> None:
    """What is left of them is told to whoever estimates the rest of the sweep, and forgotten when they are over."""
    config, told = configure("training.epochs=100"), list[list[float | None]]()

    def left_s(running: Sequence[Training]) -> float:
        told.append([training.left_s for training in running])
        return 5.0

    view = LiveView(Console(file=io.StringIO(), force_terminal=True, width=200), 4, left_s)
    with view:
        view.started([config], "here")
        view.handle(config, Began("cpu", epochs_done=0, steps_per_epoch=10))
        (training,) = view.bars
        training.started_s -= 100  # it began long ago
        view.handle(config, EpochEnded({**ROW, "epoch": 50}))
        view.ended(example_result(), 1)
        assert told[0] == [None] and told[-1][0] is not None and told[-1][0] >= 100
        view.stopped([config])
        view.started([config], "here")
    assert told[-1] == [None]


@pytest.mark.parametrize("number", [1, 123])
def test_a_finished_run_takes_one_line_of_a_narrow_terminal(number: int) -> None:
    """Energy, seconds and epochs go first; a pipe has no width, and a line there has everything."""
    result = example_result("digits_2-mgu-reference-nores-s10", resumed=1)
    place = f"{number:3d}  "
    line = place + summarise(result, width=80 - len(place))
    assert len(line) <= 80 and "ok" in line and "val  90.00%" in line and "resumed" in line and "Wh" not in line
    assert "  1 epoch  " in summarise(replace(result, epochs=1))
    assert "12 epochs" in summarise(result, width=None) and "CPU 1 Wh (model, estimated)" in summarise(result)


def test_runs_of_a_sweep_are_called_by_what_tells_them_apart(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configure("optimizer.lr=0.003", "layout=digits_2", "norm=ln")
    result = example_result(config=json.loads(config.model_dump_json()))
    view = LineView(in_sweep=True, axes=Axes(("optimizer.lr",)))
    view.started([config], "here")
    view.handle(config, Note("a note"))
    view.ended(result, 1)
    note, end = capsys.readouterr().out.splitlines()
    assert note == "digits_2-ln-lr0.003-s0: a note" and end.startswith("  1  digits_2-ln-lr0.003-s0 ")


def test_control_characters_of_a_line_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("class \x1b[2J\n")
    assert capsys.readouterr().out == "class \\x1b[2J\\n\n"


def test_things_are_counted_in_english() -> None:
    shown = [count(number, noun) for noun in ("run", "study", "key") for number in (0, 1, 2)]
    assert shown == ["0 runs", "1 run", "2 runs", "0 studies", "1 study", "2 studies", "0 keys", "1 key", "2 keys"]
    assert [count(2, noun) for noun in ("batch", "epoch", "class")] == ["2 batches", "2 epochs", "2 classes"]
    assert count(49_392, "point") == "49,392 points"  # as plans and tables have it
