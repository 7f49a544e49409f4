"""A run that was interrupted goes on from its last epoch and gives the same bits; what cannot be used is set aside."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from msgspec.structs import replace

from mgu.config.run import RunConfig
from mgu.console.outcomes import RunOutcome
from mgu.measure import energy, slot
from mgu.measure.carbon import Location
from mgu.measure.cost import RunCost
from mgu.measure.energy import EnergyMeter
from mgu.measure.instrument import Reading
from mgu.results.events import EpochEnded, Event, Note, Send
from mgu.results.on_disk.folder import find_state, run_folder
from mgu.results.on_disk.record import trained_by
from mgu.results.runs.load import load_results
from mgu.results.schema.result import Result
from mgu.run import checkpoint, execute, training
from mgu.run.checkpoint import MARK, save_checkpoint
from mgu.run.execute import run
from mgu.train import loop
from tests.by_hand import ByHand
from tests.conftest import Configure
from tests.examples import example_result
from tests.measure.by_hand import InstrumentByHand

pytestmark = pytest.mark.slow

RUN = ("layout=digits_2", "layout.dropout=0.3", "training.epochs=6")
MODELS = [
    *("norm=ln", "norm=bn_post residual=with", "mgu=reference"),
    pytest.param("mgu=equations", marks=pytest.mark.long),
    *("norm=bn_pre augment=mixup", "norm=ln dataset.sampling=balanced augment=flip_crop"),
    pytest.param("mgu=reference augment=randaugment", marks=pytest.mark.long),
]


class Interruption(BaseException):
    """As a signal: no `except Exception` may take it for a failure of the model."""


def interrupting(after_epoch: int, notes: list[str] | None = None) -> Send:
    def send(event: Event) -> None:
        if isinstance(event, Note) and notes is not None:
            notes.append(event.text)
        if isinstance(event, EpochEnded) and event.row["epoch"] == after_epoch:
            raise Interruption

    return send


def train(config: RunConfig, *interruptions: int, notes: list[str] | None = None) -> Result:
    """Interrupt after each of the epochs, continue after each, and come to the end."""
    run_folder(config).mkdir(parents=True, exist_ok=True)
    for epoch in interruptions:
        interrupt(config, epoch)
    return run(config, interrupting(0, notes))


def interrupt(config: RunConfig, after_epoch: int) -> Path:
    """Leaves what is in the folder of the run then."""
    folder = run_folder(config)
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.raises(Interruption):
        run(config, interrupting(after_epoch))
    return folder


def evidence(config: RunConfig) -> tuple[list[dict[str, str]], bytes]:
    """History without seconds, and the weights."""
    folder = run_folder(config)
    with (folder / "history.csv").open() as file:
        rows = [{k: v for k, v in row.items() if not k.endswith("_s")} for row in csv.DictReader(file)]
    return rows, (folder / "weights.safetensors").read_bytes()


@pytest.mark.parametrize("model", MODELS)
def test_the_continued_run_is_the_same_to_the_bit(model: str, configure: Configure) -> None:
    whole = configure(*RUN, *model.split(), "experiment_name=whole")
    broken = configure(*RUN, *model.split(), "experiment_name=broken")
    assert whole.identity == broken.identity
    undisturbed, continued = train(whole), train(broken, 1, 2, 5)
    assert evidence(whole) == evidence(broken)
    for field in ("status", "epochs", "best_epoch", "train", "val", "test", "params_keras"):
        assert getattr(undisturbed, field) == getattr(continued, field), field
    assert (undisturbed.resumed, continued.resumed) == (0, 3)


def test_a_run_killed_after_its_last_epoch_only_evaluates(configure: Configure) -> None:
    config = configure(*RUN, "training.patience=1")
    epochs = train(configure(*RUN, "training.patience=1", "experiment_name=whole")).epochs
    assert train(config, epochs).epochs == epochs and len(evidence(config)[0]) == epochs


def test_time_and_energy_add_up_over_the_parts(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: the cost of the first part ends with its third epoch, whose checkpoint has it."""
    clock = ByHand()
    clock.rule(monkeypatch, (energy, slot))
    for module, function, seconds in (
        *((execute, "set_up", 100.0), (execute, "begin_or_continue", 1.0), (execute, "evaluate_splits", 5.0)),
        *((loop, "train_epoch", 10.0), (loop, "evaluate", 2.0), (training, "save_checkpoint", 0.5)),
    ):
        clock.charge(monkeypatch, module, function, seconds)
    config = configure(*RUN, "energy.enabled=true")
    result = train(config, 3)
    rows = [float(row["train_s"]) + float(row["evaluate_s"]) for row in _history(config)]
    assert result.seconds and result.energy and result.resumed == 1
    assert result.seconds.train == sum(rows) == 6 * 12.0
    assert (result.seconds.build, result.seconds.checkpoint, result.seconds.evaluate) == (2.0, 5 * 0.5, 5.0)
    spent = result.seconds.to_solution + result.seconds.checkpoint
    assert result.energy.tracked_s == result.energy.cpu_seconds == spent


def test_no_energy_is_lost_at_an_interruption(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kilowatt-hour is used between two epochs: all that were used before a checkpoint are in the result."""
    instrument = InstrumentByHand()
    monkeypatch.setattr("mgu.measure.cost_meter.build_meter", lambda *_: EnergyMeter(instrument, Location()))

    def using_energy(after_epoch: int) -> Send:
        stop = interrupting(after_epoch)

        def send(event: Event) -> None:
            if isinstance(event, EpochEnded):
                used = instrument.reading.ram + 1.0
                instrument.reading = Reading(ram=used)
            stop(event)

        return send

    config = configure(*RUN, "energy.enabled=true")
    run_folder(config).mkdir(parents=True)
    with pytest.raises(Interruption):
        run(config, using_energy(3))
    parts = run(config, using_energy(0))
    undisturbed = configure(*RUN, "energy.enabled=true", "seed=1")
    run_folder(undisturbed).mkdir(parents=True)
    whole = run(undisturbed, using_energy(0))
    assert parts.resumed == 1 and parts.energy and whole.energy
    assert whole.energy.ram.kwh == pytest.approx(6.0)
    assert parts.energy.ram.kwh == pytest.approx(5.0)  # the third came after the checkpoint that it continues from


def test_parts_of_different_methods_say_so() -> None:
    parts = []
    for method in ("rapl", "model"):
        result = example_result(cpu_method=method)
        assert result.seconds
        parts.append(RunCost(seconds=result.seconds, energy=result.energy, contended=method == "rapl"))
    both = parts[0] + parts[1]
    assert both.energy and both.energy.cpu.method == "model+rapl" and both.contended
    assert both.energy.cpu.kwh == 0.002 and both.seconds.train == 39.0 and both.energy.tracked_s == 40.0
    unknown = msgspec.structs.replace(parts[0], energy=None)
    assert (unknown + parts[1]).energy is None


def test_state_and_files_between_the_parts(configure: Configure) -> None:
    config = configure(*RUN)
    folder = interrupt(config, 4)
    assert find_state(config) == "interrupted" and not (folder / "result.json").exists()
    (folder / ".checkpoint.pt.123.part").write_text("torn by a kill")
    notes: list[str] = []
    assert run(config, interrupting(0, notes)).status == "ok"
    assert notes == ["continues after epoch 4"]
    assert find_state(config) == "done"
    assert {file.name for file in folder.iterdir()} == {
        "result.json", "history.csv", "config.yaml", "weights.safetensors", "preprocessing.json", "correct.bits",
        "load.csv", "log.txt",
    }  # fmt: skip


def test_short_epochs_have_not_a_checkpoint_each(configure: Configure) -> None:
    """A run goes on from the last one, to the same bits, and its history is whole."""
    whole = configure(*RUN, "experiment_name=whole")
    broken = configure(*RUN, "experiment_name=broken", "training.checkpoint_s=1000")
    train(whole)
    interrupt(broken, 4)
    assert len(_history(broken)) == 1
    notes: list[str] = []
    assert run(broken, interrupting(0, notes)).status == "ok"
    assert notes == ["continues after epoch 1"] and evidence(broken) == evidence(whole)


def test_a_run_that_is_stopped_while_it_saves_is_told_by_the_epoch_that_it_goes_on_from(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was said to have stopped one epoch later: its history was written before its checkpoint."""
    config = configure(*RUN)
    save = save_checkpoint

    def save_two(*given: Any) -> None:
        if len(given[4].history) == 3:
            raise Interruption
        save(*given)

    run_folder(config).mkdir(parents=True)
    monkeypatch.setattr(training, "save_checkpoint", save_two)
    with pytest.raises(Interruption):
        run(config, interrupting(0))
    monkeypatch.undo()
    assert RunOutcome.read(config, None).reason == "stopped after epoch 2" and len(_history(config)) == 2
    notes: list[str] = []
    assert run(config, interrupting(0, notes)).status == "ok" and notes == ["continues after epoch 2"]


def test_force_starts_over(configure: Configure) -> None:
    config = configure(*RUN)
    interrupt(config, 4)
    assert train(configure(*RUN, "force=true")).resumed == 0


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def not_a_checkpoint(path: Path) -> None:
    path.write_text("PK\x03\x04 hello")


def save_whole(content: Any, path: Path) -> None:
    """With the checksum of a good one."""
    torch.save(content, path)
    payload = path.read_bytes()
    path.write_bytes(payload + MARK + hashlib.sha256(payload).digest())


def of_another_run(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    save_whole(content | {"identity": "01234567"}, path)


def of_an_earlier_version(path: Path) -> None:
    torch.save(torch.load(path, weights_only=True), path)


def of_another_model(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    content["model"].popitem()
    save_whole(content, path)


def malicious(path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path(path.with_name("pwned")).touch, ())

    save_whole(Payload(), path)


@pytest.mark.parametrize(
    "harm",
    [
        *(cut_short, flip_a_bit, empty, not_a_checkpoint, of_another_run, of_another_model, of_an_earlier_version),
        malicious,
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_set_aside_with_a_message(harm: Any, configure: Configure) -> None:
    config = configure(*RUN)
    folder = interrupt(config, 2)
    harm(folder / "checkpoint.pt")
    notes: list[str] = []
    result = run(config, interrupting(0, notes))
    assert result.status == "ok" and result.resumed == 0
    assert len(notes) == 1 and "cannot be used" in notes[0] and "starting over" in notes[0] and "\n" not in notes[0]
    assert (folder / "checkpoint.unusable.pt").exists() and not (folder / "pwned").exists()
    whole = configure(*RUN, "experiment_name=whole")
    train(whole)
    assert evidence(config) == evidence(whole)


def _history(config: RunConfig) -> list[dict[str, str]]:
    with (run_folder(config) / "history.csv").open() as file:
        return list(csv.DictReader(file))


def test_what_another_version_began_is_told_and_kept(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result names the parts that something else trained; those by what ended the run are none of them."""
    config, notes = configure(*RUN, "norm=ln", "training.checkpoint_s=0"), list[Any]()
    own = trained_by
    monkeypatch.setattr(execute, "trained_by", lambda device: replace(own(device), versions={"torch": "0.9"}))
    interrupt(config, 2)
    monkeypatch.setattr(execute, "trained_by", own)
    with pytest.raises(Interruption):
        run(config, interrupting(4, notes))
    (note,) = (note for note in notes if "continues" in note)
    now = own("cpu").versions["torch"]
    assert note == f"continues after epoch 2, trained by torch 0.9, now {now}: the result is of neither alone"
    result = train(config, notes=notes)
    assert "continues after epoch 4" in notes
    now_all = own("cpu").versions
    assert [(part.epochs, part.versions) for part in result.earlier_parts] == [(2, {"torch": "0.9"}), (4, now_all)]


def test_a_checkpoint_that_does_not_say_by_what_it_was_trained_is_told(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, notes = configure(*RUN, "norm=ln", "training.checkpoint_s=0"), list[Any]()
    interrupt(config, 2)
    read = checkpoint._read
    monkeypatch.setattr(checkpoint, "_read", lambda *given: {k: v for k, v in read(*given).items() if k != "parts"})
    result = train(config, notes=notes)
    assert any("by an earlier version of mgu, which did not write down which: the result is" in note for note in notes)
    assert [(part.epochs, part.is_known) for part in result.earlier_parts] == [(2, False)]


@pytest.mark.parametrize("content", [b"", b"{"])
def test_what_belongs_to_a_damaged_result_is_kept_apart_and_told(content: bytes, configure: Configure) -> None:
    """The weights may be all that is left of hours of training."""
    config, notes = configure(*RUN, "norm=ln", "training.epochs=2"), list[Any]()
    first = train(config)
    folder = run_folder(config)
    weights = (folder / "weights.safetensors").read_bytes()
    (folder / "result.json").write_bytes(content)
    (folder / "prune").mkdir()
    assert train(config, notes=notes).val == first.val
    (note,) = (note for note in notes if "unreadable" in note)
    assert note.startswith("its result.json is not a result") and note.endswith("unreadable/, and trained again")
    kept = folder / "unreadable"
    assert (kept / "unreadable.json").read_bytes() == content and (kept / "prune").is_dir()
    assert (kept / "weights.safetensors").read_bytes() == weights and (kept / "config.yaml").exists()
    notes.clear()
    train(config, notes=notes)  # as force=true does
    assert not [note for note in notes if "unreadable" in note] and not load_results([folder]).skipped
    (folder / "result.json").write_bytes(content)
    train(config, notes=notes)  # what is kept of the first time stays
    assert (kept / "weights.safetensors").read_bytes() == weights
    assert any("unreadable1/" in note for note in notes) and (folder / "unreadable1" / "unreadable.json").exists()
