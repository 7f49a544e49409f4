"""explain.json is read as it was written, and is never written from weights that are not the run's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mgu.cli.main import main
from mgu.explain.explanation import read_explanation
from mgu.results.on_disk.sealed import Changed, unseal


def flip(path: Path, place: int) -> None:
    """Changes one bit."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("place", [12, -1, -5001])  # of the header, of the last and of another weight
def test_weights_of_which_a_bit_flipped_are_not_explained(
    place: int, form: str, trained_unit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The explanation was of other weights than the result, and took the place of the right one."""
    before = {file.name: file.read_bytes() for file in trained_unit.iterdir() if file.name != "weights.safetensors"}
    flip(trained_unit / "weights.safetensors", place)
    monkeypatch.setattr(sys, "argv", ["mgu-run", "explain", str(trained_unit), "--format", form])
    with pytest.raises(SystemExit) as exited:
        main()
    told = capsys.readouterr()
    assert exited.value.code == 2 and not told.out and told.err.count("\n") == 1
    assert "weights.safetensors must be as its run wrote it, but was changed after it was written." in told.err
    after = {file.name: file.read_bytes() for file in trained_unit.iterdir() if file.name != "weights.safetensors"}
    assert after == before


def _in_the_text(old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, 1))


@pytest.mark.parametrize(
    "damage",
    [
        _in_the_text(b'"mean": 0.', b'"mean": 1.'),
        _in_the_text(b'"examples": 360', b'"examples": 361'),
        lambda path: flip(path, -10),  # of the checksum
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
    ],
)
def test_an_explanation_that_was_changed_is_refused(damage: Callable[[Path], object], trained_unit: Path) -> None:
    path = trained_unit / "explain.json"
    assert read_explanation(path).examples == 360
    damage(path)
    with pytest.raises(Changed, match="was changed after it was written"):
        read_explanation(path)


def test_an_explanation_of_an_earlier_version_has_no_checksum_and_is_read(trained_unit: Path) -> None:
    path = trained_unit / "explain.json"
    sealed = read_explanation(path)
    path.write_bytes(unseal(path.read_bytes())[0])
    assert read_explanation(path) == sealed
