"""Runs that start from the weights of a finished one: what is taken, what is told, what is refused."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mgu.errors import UserError
from mgu.factory.learner import build_learner
from mgu.factory.pretrained import check_pretrained
from mgu.factory.resolved_run import resolve
from mgu.results.compare.axes import find_axes
from mgu.results.events import DataNote, Event
from mgu.results.on_disk.folder import run_folder
from mgu.run.dry_run import dry_run
from mgu.run.execute import run
from tests.conftest import Configure
from tests.run.test_resume import evidence, train

UNIT = ("layout=digits_2", "mgu=reference", "training.epochs=1")
THREE_CLASSES = """
import torch

def load():
    labels = torch.arange(90) % 3
    images = torch.randn(90, 1, 8, 8, generator=torch.Generator().manual_seed(0)) + labels.view(-1, 1, 1, 1)
    return {"train": (images, labels)}
"""


@pytest.fixture
def three_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Images of other classes than the digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "three_classes", raising=False)
    (tmp_path / "three_classes.py").write_text(THREE_CLASSES)
    return (*UNIT, "dataset=python", "dataset.target=three_classes:load")


def start_from(folder: Path) -> str:
    return f"training.start_from={folder}"


@pytest.mark.slow
def test_running_statistics_go_on_from_those_that_came_with_the_weights(configure: Configure) -> None:
    """Their share was not told, so that no report said which runs they judged. 23 steps an epoch, momentum 0.01."""
    model = ("layout=digits_2", "norm=bn_pre", "training.epochs=1")
    source = configure(*model)
    first = train(source)
    assert first.statistics_left == pytest.approx(0.99**23)
    further = train(configure(*model, start_from(run_folder(source)), "seed=1"))
    assert further.statistics_left == pytest.approx(0.99**46) and further.is_unsettled
    new = configure(*model, start_from(run_folder(source)), "seed=2", "training.start_except=[blocks.0.pre]")
    assert train(new).statistics_left == pytest.approx(0.99**23)  # of that layer


def test_every_weight_is_taken_and_the_seed_draws_as_before(trained_unit: Path, configure: Configure) -> None:
    config = configure(*UNIT, start_from(trained_unit), "seed=5", "training.ema=0.9")
    learner = build_learner(resolve(config))
    drawn = torch.rand(1)
    build_learner(resolve(configure(*UNIT, "seed=5", "training.ema=0.9")))
    assert torch.equal(drawn, torch.rand(1))
    saved, taken = load_file(trained_unit / "weights.safetensors"), learner.model.state_dict()
    assert saved.keys() == taken.keys() and all(torch.equal(saved[name], taken[name]) for name in saved)
    assert learner.average is not None
    assert all(map(torch.equal, learner.average.averages, learner.model.parameters()))
    assert check_pretrained(resolve(config)) == [
        f"starts from the weights of {trained_unit.name}: {len(saved)} of {len(saved)} tensors"
    ]


def test_the_weights_are_part_of_the_identity_and_where_they_lie_is_not(
    trained_unit: Path, configure: Configure, tmp_path: Path
) -> None:
    config, plain = configure(*UNIT, start_from(trained_unit)), configure(*UNIT)
    moved = Path(shutil.copytree(trained_unit, tmp_path / "moved"))
    assert configure(*UNIT, start_from(moved)).identity == config.identity != plain.identity
    by_name = configure(*UNIT, f"training.start_from={trained_unit.name}")
    assert by_name.name == f"digits_2-mgu-reference-from-{by_name.training.start_sha256[:8]}-s0"  # type: ignore[index]
    assert find_axes([(each.stem, each.model_dump(mode="json")) for each in (config, plain)]).keys == ()
    assert by_name.identity == config.identity and by_name.training.start_from == str(trained_unit)
    assert configure(*UNIT, start_from(moved), "training.start_except=[readout]").identity != config.identity


def test_other_classes_take_all_but_the_readout(
    trained_unit: Path, configure: Configure, three_classes: tuple[str, ...]
) -> None:
    message = r"readout.weight is \(10, 32\) there and \(3, 32\) here.*start_except=\[readout\] to"
    with pytest.raises(UserError, match=message):
        check_pretrained(resolve(configure(*three_classes, start_from(trained_unit))))
    config = configure(*three_classes, start_from(trained_unit), "training.start_except=[readout]")
    (note,) = check_pretrained(resolve(config))
    assert note.endswith("tensors; new: readout.weight, readout.bias")
    assert dry_run(lambda event: None, config).notes[0] == note
    taken, saved = build_learner(resolve(config)).model.state_dict(), load_file(trained_unit / "weights.safetensors")
    other = [name for name, value in taken.items() if not torch.equal(value, saved[name])]
    assert other == ["readout.weight", "readout.bias"]


def test_it_trains_from_there_and_goes_on_after_an_interruption(trained_unit: Path, configure: Configure) -> None:
    words = (*UNIT, start_from(trained_unit), "training.epochs=2")
    whole, broken = (configure(*words, f"experiment_name={name}") for name in ("whole", "broken"))
    notes: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, DataNote):
            notes.append(event.text)

    run_folder(whole).mkdir(parents=True)
    first = run(whole, note)
    assert notes[0].startswith("starts from the weights of digits_2-mgu-reference-s0")
    assert train(broken, 1).resumed == 1 and evidence(whole) == evidence(broken)
    fresh = train(configure(*UNIT))
    assert first.val and fresh.val and first.val.loss and fresh.val.loss and first.val.loss < fresh.val.loss


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("layout=digits_3",), r"a model with the same weights, but of digits_2-\S+ .* is missing there and \("),
        (("mgu=without", "norm=ln"), r"and \d+ more differ\. Name a run of the same model\."),
        (("training.start_except=[readuot]",), r"none is called readuot\. Did you mean readout\?"),
        (
            ("training.start_from=nowhere",),
            r"^training.start_from must be the folder of a finished run, but there is no",
        ),
        (
            ("training.start_from=null", "training.start_except=[readout]"),
            r"start_except must go with training.start_from",
        ),
        (("training.start_sha256=aa",), r"^training.start_sha256 must be left out"),
    ],
)
def test_what_does_not_fit_is_told(
    words: tuple[str, ...], message: str, trained_unit: Path, configure: Configure
) -> None:
    given = [start_from(trained_unit)] * all(not word.startswith("training.start_from") for word in words)
    with pytest.raises(UserError, match=message):
        check_pretrained(resolve(configure("layout=digits_2", "mgu=reference", *given, *words)))


def test_changed_weights_are_refused(trained_unit: Path, configure: Configure) -> None:
    config, path = configure(*UNIT, start_from(trained_unit)), trained_unit / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(UserError, match=r"must have the weights that the run was configured with, but .* was changed"):
        check_pretrained(resolve(config))
    with pytest.raises(UserError, match=r"is not whole \(was changed after it was written\)\. Name another"):
        configure(*UNIT, start_from(trained_unit))
    path.unlink()
    with pytest.raises(UserError, match=r"but .* has no weights.safetensors\. Name another"):
        configure(*UNIT, start_from(trained_unit))
