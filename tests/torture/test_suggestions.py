"""Every suggestion of a refusal works when it is pasted back: the same refusal does not come again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from mgu.cli.main import main
from mgu.text.hydra_quoting import as_typed
from mgu.text.nearest import did_you_mean, nearest
from tests.torture.command_lines import field_lines
from tests.torture.odd_words import group_lines, key_lines, written_lines
from tests.torture.refusals import refuse, without_training
from tests.torture.suggestions import suggested_lines

pytestmark = pytest.mark.slow

Line = tuple[str, ...]
SOURCES: dict[str, tuple[Callable[[], Iterator[Line]], int]] = {
    "fields": (field_lines, 1997),
    "keys": (key_lines, 397),
    "groups": (group_lines, 113),
    "written": (written_lines, 151),
}
KNOWN = [  # what is typed, and what is to be suggested
    ("training.lr=0.1", "optimizer.lr"),
    ("batch_size=32", "training.batch_size"),
    ("epochs=5", "training.epochs"),
    ("lr=0.1", "optimizer.lr"),
    ("dropout=0.5", "layout.dropout"),
    ("gpu=0", "device"),
    ("cuda=true", "device"),
    ("workers=4", "threads"),
    ("layout=digits2", "digits_2"),
    ("optimizer=adamm", "adamw"),
    ("dataset.separator=;", "'dataset.separator=\";\"'"),
    ("mgu.gate=channel", "mgu=equations"),
    ("layout.depth=3", "layout=dense_2"),
    ("training.last_batch=aut", "auto"),
    ("dataset=table dataset.target=y layout=dense_2 dataset.path=~nouser_x/y", "'dataset.path=\"~nouser_x/y\"'"),
    ("seed=0,1", "-m"),
    ("-m hydra/sweeper=grid", "grids"),
    ("reprot", "report"),
    ("prune run epoch=2", "epochs"),
    ("norm=ln.yaml", "ln"),
    ("dataset=table dataset.path=table.csv dataset.target=2020_1 layout=dense_2", "'\"2020_01\"'"),
]


def follow(folder: Path, words: Sequence[str], refusal: str) -> list[str]:
    """Follows the suggestions of a refusal; returns those after which the same refusal came again."""
    failed = []
    for message in refusal.splitlines():
        for line in suggested_lines(words, message):
            again = refuse(folder, line, main).err.splitlines()
            if message in again or (again and "Hydra's grammar" in again[0]):
                failed.append(f"{list(words)}: {message} -> {line}: {again}")
    return failed


@pytest.mark.parametrize("source", SOURCES)
def test_a_suggestion_is_followed(source: str, folder: Path, long_form: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    generate, step = SOURCES[source]
    with without_training(monkeypatch):
        lines = list(generate())[:: 7 if long_form else step]
        failed = [line for words in lines for line in follow(folder, words, refuse(folder, words, main).err)]
    assert not failed, "\n".join(failed[:20])


@pytest.mark.parametrize(("typed", "suggestion"), KNOWN)
def test_what_is_suggested(typed: str, suggestion: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "table.csv").write_text("a,2020_01\n" + "".join(f"{i},{'pq'[i % 2]}\n" for i in range(60)))
    words = typed.split()
    with without_training(monkeypatch):
        message = refuse(folder, words, main).err
        assert suggestion in message
        assert list(suggested_lines(words, message.rstrip())) and not follow(folder, words, message)


@pytest.mark.parametrize("words", ["explain", "prune", "prune --export onnx", "explain --format json"])
@pytest.mark.parametrize("name", ["digits_2-mgu-path-s0", "digit/digits_2-mgu-paths-s0", "digits_2-mgu-paths-s0-abc"])
def test_the_name_of_a_run_is_suggested(words: str, name: str, folder: Path) -> None:
    for run in ("digits_2-mgu-paths-s0-abcdef12", "digits_2-ln-s0-abcdef13"):
        (folder / "runs" / "digits" / run).mkdir(parents=True)
    command, *flags = words.split()
    message = refuse(folder, [command, name, *flags], main).err
    assert f"there is no {name}. Did you mean" in message
    assert list(suggested_lines([command, name, *flags], message.rstrip()))
    assert not follow(folder, [command, name, *flags], message)


def test_nothing_near_is_suggested_where_nothing_is(folder: Path) -> None:
    assert "Did you mean" not in refuse(folder, ["+energy=flip"], main).err
    assert "Did you mean" not in refuse(folder, ["norm=batch"], main).err


@pytest.mark.parametrize(
    "value", ["2020_01", "a b", "it's", 'say "x"', "true", "1e5", "a;b", "$HOME", "x\\", "", "\u00fc"]
)
def test_a_suggested_value_is_read_back_as_it_is(value: str) -> None:
    (word,) = shlex.split(f"key={as_typed(value)}")
    assert OverridesParser.create().parse_override(word).value() == value


def test_what_was_typed_is_not_suggested_as_it_was_typed() -> None:
    assert did_you_mean("202001", ["2020_01", "y"]) == " Did you mean '\"2020_01\"'?"
    assert did_you_mean("digits2", ["digits_2"]) == " Did you mean digits_2?"


@pytest.mark.parametrize("choices", [["adam", "nadam", "adamw", "sgd"], ["adamw", "nadam"]])
def test_of_choices_as_much_alike_the_one_with_fewer_edits_is_suggested(choices: list[str]) -> None:
    assert nearest("adamn", choices) == choices[0] and nearest("adamm", ["nadam", "adamw"]) == "adamw"
