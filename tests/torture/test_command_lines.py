"""Bad command lines: no traceback, nothing accepted, nothing written, one line a fault and exit code 2."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mgu.cli.main import main
from tests.conftest import Command
from tests.torture.command_lines import CASES, TABLE, field_lines
from tests.torture.odd_words import doubling, group_lines, key_lines, long_lines, written_lines
from tests.torture.refusals import refuse, without_training

pytestmark = pytest.mark.slow

Line = tuple[str, ...]
SOURCES: dict[str, tuple[Callable[[], Iterator[Line]], int]] = {  # and of how many lines the short form takes one
    "values of fields": (field_lines, 151),
    "written down": (written_lines, 7),
    "keys": (key_lines, 43),
    "groups": (group_lines, 7),
    "long": (long_lines, 1),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_bad_command_line_is_refused(
    source: str, folder: Path, long_form: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate, step = SOURCES[source]
    lines = list(generate())[:: 1 if long_form else step]
    with without_training(monkeypatch):
        answers = [refuse(folder, words, main) for words in lines]
    bad = [
        f"{[word[:60] for word in answer.words]}: {answer.faults} {answer.err[:200]!r}"
        for answer in answers
        if answer.faults
    ]
    print(f"{source}: {len(lines)} command lines, {len(bad)} not refused as they should")
    assert not bad, "\n".join([f"{len(bad)} of {len(lines)}", *bad[:20]])


def test_there_are_at_least_300_in_the_short_form() -> None:
    assert sum(len(list(generate())[::step]) for generate, step in SOURCES.values()) >= 300


@pytest.mark.parametrize(
    "words",
    [
        "optimizer.lr=nan",
        "-m seed=range(0,100000000)",
        "-m seed=glob(*)",
        "~training",
        "-m hydra.sweeper.seeds=[x]",
        "seed=0 seed=1",
        "--cfg",
        "plan +norm=ln",
    ],
)
def test_so_it_is_in_a_process_of_its_own(words: str, mgu_run: Command, tmp_path: Path) -> None:
    done = mgu_run(*words.split())
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} <= {"stdout", "stderr", "contention"}


def _refusal(folder: Path, *words: str) -> str:
    answer = refuse(folder, words, main)
    assert not answer.faults, (answer.faults, answer.err[:300])
    return answer.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"num_layers: {doubling(40)}", "must have at most 100,000 values"),
        ("num_layers: &a [*a]", "must have at most 100,000 values"),
        ("#" * 1_000_001, "must be of at most 1,000,000 bytes"),
        ("num_layers: " + "[" * 3000 + "]" * 3000, "must have at most 100,000 values"),
        ("num_layers: \x00", "must"),
        ("num_layers: 1\nnum_layers: 2", "must"),
        ("\ufeffnum_layers: [1, 2]", "must"),
    ],
)
def test_a_yaml_file_is_bounded_before_it_is_expanded(content: str, message: str, folder: Path) -> None:
    (folder / "my" / "layout").mkdir(parents=True)
    (folder / "my" / "layout" / "mine.yaml").write_text(content)
    assert message in _refusal(folder, "--config-dir", "my", "layout=mine")


def test_interpolations_are_bounded_before_they_are_resolved(folder: Path) -> None:
    """Each value names the next ten times: a text of 10^10 characters."""
    keys = ["runs_dir", "experiment_name", "dataset.root", "energy.country", "device", "engine", "step", "layout.name"]
    words = [f"{key}={f'${{{after}}}' * 10}" for key, after in pairwise(keys)]
    for flags in ([], ["-m"]):
        assert "interpolations must not copy" in _refusal(folder, *flags, *words, "layout.name=" + "x" * 1000)
    (folder / "my" / "experiment").mkdir(parents=True)
    content = "\n".join(f"{key}: {f'${{{after}}}' * 10}" for key, after in pairwise("abcdefgh"))
    (folder / "my" / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{content}\nh: {'x' * 1000}\n")
    assert "interpolations must not copy" in _refusal(folder, "--config-dir", "my", "+experiment=mine")


@pytest.mark.parametrize("key", ["runs_dir", "hydra.sweep.dir", "hydra.job.name", "hydra.sweeper.grids.a.seed"])
def test_hydra_resolves_no_interpolations_before_they_are_bounded(key: str, folder: Path) -> None:
    """Hydra and the sweeper read these before the configurations of the runs are composed."""
    *outer, last = key.split(".")
    inner = "".join(f"{part}: {{" for part in outer) + f'{last}: "${{a}}"' + "}" * len(outer)
    content = "\n".join(f"{name}: {f'${{{after}}}' * 10}" for name, after in pairwise("abcdefgh"))
    (folder / "my" / "experiment").mkdir(parents=True)
    (folder / "my" / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{content}\nh: x\n{inner}\n")
    for flags in ([], ["-m"]):
        assert "interpolations must not copy" in _refusal(folder, *flags, "--config-dir", "my", "+experiment=mine")


def test_what_is_no_plain_file_is_no_configuration(folder: Path) -> None:
    (folder / "my" / "layout").mkdir(parents=True)
    os.mkfifo(folder / "my" / "layout" / "pipe.yaml")
    (folder / "my" / "layout" / "zeros.yaml").symlink_to("/dev/zero")
    (folder / "my" / "layout" / "folder.yaml").mkdir()
    for name in ("pipe", "zeros", "folder"):
        assert "layout" in _refusal(folder, "--config-dir", "my", f"layout={name}")
    os.mkfifo(folder / "table.fifo")
    for place in ("table.fifo", "/dev/zero", "none"):
        assert "--config-dir must be a folder, but" in _refusal(folder, "--config-dir", place)
        assert "dataset.path must" in _refusal(folder, *CASES[:1], f"dataset.path={place}", *CASES[2:])
        assert "dataset.path must" in _refusal(folder, *TABLE[:1], f"dataset.path={place}", *TABLE[2:])
    for words in (("report", "table.fifo"), ("explain", "table.fifo"), ("report", "/dev/zero"), ("prune", "/dev/zero")):
        assert "must" in _refusal(folder, *words)
