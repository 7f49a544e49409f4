"""Packed runs are read as from their folders, whatever else the archive holds, and no run is lost by packing."""

from __future__ import annotations

import errno
import io
import lzma
import os
import shutil
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.caveats import caveats
from mgu.report.figures.training import load_gates, load_histories
from mgu.report.formats.json import to_json
from mgu.report.ranking.rank import rank
from mgu.report.repeated import describe_repeated
from mgu.results.on_disk.correct import write_correct
from mgu.results.on_disk.result_file import write_result
from mgu.results.on_disk.sealed import LIMIT, digest_files
from mgu.results.runs import pack
from mgu.results.runs.find import find_run
from mgu.results.runs.load import load_results
from mgu.results.runs.pack import Pack, read_pack, write_pack
from mgu.results.runs.pack_runs import pack_runs
from tests.examples import example_config, example_result, example_unit

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes the folder of a run with all that reports read, and weights."""

    def build(name: str, seed: int, **changes: Any) -> Path:
        make_result = example_unit if name.startswith("unit") else example_result
        config = example_config(dataset={"name": "digits", "root": "/home/anybody/data"})
        values = {"experiment_name": "trial", "identity": f"{name[-1]}{seed:07}", "config": config}
        result = make_result(f"{name}-s{seed}", seed=seed, **(values | changes))
        folder = tmp_path / "runs" / result.experiment_name / f"{result.name}-{result.identity}"
        folder.mkdir(parents=True)
        write_correct(folder, 16, bytes([255, 1 << seed]))
        (folder / "history.csv").write_text(f"epoch,val_accuracy\n1,0.5\n2,0.{seed}9\n")
        (folder / "weights.safetensors").write_bytes(b"w" * 100_000)
        if name.startswith("unit"):
            gates = '{"skip": {"statistics": {"mean": 0.25}}}'
            (folder / "explain.json").write_text(f'{{"units": [{{"name": "block {seed}", "gates": {gates}}}]}}')
        write_result(folder, replace(result, files=digest_files(folder, ["history.csv", "correct.bits"])))
        return folder

    return build


def report(*paths: Path) -> tuple[str, list[Any], list[Any]]:
    loaded = load_results(paths)
    tables = rank(loaded.runs)
    gates = [repr(load_gates(table)) for table in tables]
    panels = [panel for table in tables for panel in load_histories(table).values()]
    histories = [(row.name, history) for panel in panels for row, history in panel]
    return to_json([Analysis(table) for table in tables], loaded.skipped), gates, histories


def test_of_two_packs_with_different_results_of_a_run_it_is_said_which_counts(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, accuracy in (("a", 0.9), ("b", 0.8), ("c", 0.9)):
        folder = make("digits_2-ln", 0, val_accuracy=accuracy, config=example_config())
        pack_runs(load_results([folder]).runs, tmp_path / name)
        shutil.rmtree(folder)
    packs = [tmp_path / name for name in "abc"]
    [table] = rank(load_results(packs).runs)  # c has a copy of what a has
    assert describe_repeated(table) == [
        "1 of all runs repeats a seed of its model and is left out.",
        "Of digits_2-ln-s0 the run in a/runs.tar.xz counts; that in b/runs.tar.xz has another result (val 80.00% after "
        "12 epochs, not val 90.00% after 12 epochs): name one of both alone to have it.",
    ]
    [table] = rank(load_results(packs[1:]).runs)
    assert "the run in b/runs.tar.xz counts; that in c/runs.tar.xz has another" in describe_repeated(table)[1]
    with monkeypatch.context() as here:
        here.chdir(tmp_path.parent)
        assert f"in {tmp_path.name}/b/runs.tar.xz counts; that in {tmp_path.name}/c/" in describe_repeated(table)[1]
    make("digits_2-ln", 0, val_accuracy=0.7, config=example_config())
    [table] = rank(load_results([*packs, tmp_path / "runs"]).runs)
    first, *others = describe_repeated(table)
    assert first == "2 of all runs repeat a seed of their model and are left out." and len(others) == 2
    assert "the run in runs/trial/digits_2-ln-s0-n0000000 counts" in others[0]
    assert len(caveats(table)) >= 3 and set(others) <= set(caveats(table))


def test_a_pack_is_reported_as_its_folders_are(make: Make, tmp_path: Path) -> None:
    for seed in range(3):
        make("digits_2-ln", seed, val_accuracy=0.9 + seed / 100)
        make("unit_a", seed, val_accuracy=0.91)
        make("digits_2-bn", seed, experiment_name="other", status="diverged", val_accuracy=None)
    runs = tmp_path / "runs"
    packed = pack_runs(load_results([runs]).runs, tmp_path / "results" / "nested")
    assert (packed.total, packed.added, packed.replaced, packed.own_paths) == (9, 9, 0, [])
    assert packed.size < 6000  # of ten times as much text, and no weights
    assert report(tmp_path / "results") == report(packed.path) == report(runs) == report(packed.path, runs)
    read = load_results([packed.path]).runs
    beside = packed.path.parent  # where replayed searches of a pack are, too
    assert {where.experiment for run in read for where in run.searches} == {
        beside, packed.path / "trial", packed.path / "other",
    }  # fmt: skip


def test_a_pack_is_a_tar_file_that_gives_folders_back(make: Make, tmp_path: Path) -> None:
    folder = make("unit_a", 1)
    packed = pack_runs(load_results([folder]).runs, tmp_path)
    with lzma.open(packed.path) as stream, tarfile.open(fileobj=stream) as archive:
        archive.extractall(tmp_path / "again", filter="data")
    again = tmp_path / "again" / "trial" / folder.name
    assert sorted(file.name for file in again.iterdir()) == [
        "correct.bits", "explain.json", "history.csv", "result.json",
    ]  # fmt: skip
    assert report(tmp_path / "again") == report(folder)


def test_nothing_of_where_the_data_lie_is_packed(make: Make, tmp_path: Path) -> None:
    folder = make("unit_a", 1)
    packed = pack_runs(load_results([folder]).runs, tmp_path)
    (files,) = read_pack(packed.path).runs.values()
    assert b"anybody" in (folder / "result.json").read_bytes() and b"anybody" not in files["result.json"]
    (run,) = load_results([packed.path]).runs
    assert run.result.config["dataset"]["root"] == "data"


def test_paths_in_lists_and_errors_are_not_packed_and_the_run_is_still_known(make: Make, tmp_path: Path) -> None:
    config = example_config(
        dataset={"name": "table", "path": ["/home/anybody/a.csv", "/home/anybody/b.csv"]},
        mlflow={"tracking_uri": "sqlite:////home/anybody/mlflow.db"},
    )
    error = "FileNotFoundError: no such file: '/home/anybody/my data/a.csv' (see https://docs.python.org/3/library)"
    folder = make("digits_2-ln", 1, status="failed", error=error, config=config)
    packed = pack_runs(load_results([folder]).runs, tmp_path / "results")
    ((run,), skipped, _) = load_results([packed.path])
    (files,) = read_pack(packed.path).runs.values()
    assert b"anybody" not in files["result.json"] and not skipped and packed.own_paths == []
    assert run.result.config["dataset"]["path"] == ["a.csv", "b.csv"]
    assert run.result.error == "FileNotFoundError: no such file: 'a.csv' (see https://docs.python.org/3/library)"
    assert [run.packed for run in load_results([packed.path, folder]).runs] == [None]  # not once more


def test_two_packs_at_once_keep_the_runs_of_both(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_slowly(*arguments: Any) -> int:
        time.sleep(0.2)  # in which the other has read what was there before
        return write_pack(*arguments)

    monkeypatch.setattr("mgu.results.runs.pack_runs.write_pack", write_slowly)
    loaded = [load_results([make("digits_2-ln", seed)]).runs for seed in (1, 2)]
    threads = [threading.Thread(target=pack_runs, args=(runs, tmp_path / "results")) for runs in loaded]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_results([tmp_path / "results"]).runs) == 2
    assert [file.name for file in (tmp_path / "results").iterdir()] == ["runs.tar.xz"]


def test_a_pack_grows_and_equal_runs_make_equal_bytes(make: Make, tmp_path: Path) -> None:
    first, second = make("digits_2-ln", 1), make("digits_2-bn", 0)
    together = pack_runs(load_results([first, second]).runs, tmp_path / "together")
    pack_runs(load_results([first]).runs, tmp_path / "grown")
    grown = pack_runs(load_results([second]).runs, tmp_path / "grown")
    assert (grown.total, grown.added) == (2, 1)
    assert grown.path.read_bytes() == together.path.read_bytes()
    again = pack_runs(load_results([first, grown.path]).runs, tmp_path / "grown")
    assert (again.added, again.path.read_bytes()) == (0, together.path.read_bytes())


def test_only_the_first_seed_of_a_model_keeps_its_explanation(make: Make, tmp_path: Path) -> None:
    pack_runs(load_results([make("unit_a", 2), make("unit_a", 1)]).runs, tmp_path)
    packed = pack_runs(load_results([make("unit_a", 0), make("unit_b", 1, config=example_config(x={}))]).runs, tmp_path)
    explained = [name.split("/")[1] for name, files in read_pack(packed.path).runs.items() if "explain.json" in files]
    assert explained == ["unit_a-s0-a0000000", "unit_b-s1-b0000001"]


def test_another_result_of_one_run_is_refused_unless_told(make: Make, tmp_path: Path) -> None:
    folder = make("digits_2-ln", 1)
    path = pack_runs(load_results([folder]).runs, tmp_path).path
    before = path.read_bytes()
    (run,) = load_results([folder]).runs
    write_result(folder, replace(run.result, epochs=29))
    again = load_results([folder]).runs
    with pytest.raises(UserError, match=r"there is another of trial/digits_2-ln-s1-n0000001. Pass --replace"):
        pack_runs(again, tmp_path)
    assert path.read_bytes() == before
    assert pack_runs(again, tmp_path, replace=True).replaced == 1
    assert [run.result.epochs for run in load_results([path]).runs] == [29]


def test_a_damaged_pack_is_named_and_never_written_over(make: Make, tmp_path: Path) -> None:
    folder = make("digits_2-ln", 1)
    path = pack_runs(load_results([folder]).runs, tmp_path).path
    whole = path.read_bytes()
    damaged = [whole[:-1], whole[:200], b"", b"no pack", whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]]
    for content in damaged:
        path.write_bytes(content)
        loaded = load_results([path])
        assert not loaded.runs and loaded.skipped[0].startswith(f"{path}: not a whole pack"), content[:20]
    with pytest.raises(UserError, match="must be a pack, to which runs are added, but it is not a whole pack"):
        pack_runs(load_results([folder]).runs, tmp_path)


def test_what_else_an_archive_holds_is_not_read(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make("digits_2-ln", 1)
    path = tmp_path / "runs.tar.xz"
    names = ["../x/result.json", "/a/result.json", "a/b/c/result.json", "x/y/weights.safetensors", "x/y/result.json"]
    with lzma.open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 1
            archive.addfile(entry, io.BytesIO(b"{"))
        link = tarfile.TarInfo("x/z/result.json")
        link.type, link.linkname = tarfile.SYMTYPE, str(folder / "result.json")
        archive.addfile(link)
    assert list(read_pack(path).runs) == ["x/y"]
    assert load_results([path]).skipped == [
        f"{path}/x/y/result.json: not a result of schema version 1 to 6: Input data was truncated"
    ]
    large = Pack({"a/b": {"history.csv": bytes(20_000), "result.json": b"{}"}}, {})
    write_pack(path, large)  # a few hundred bytes on disk
    monkeypatch.setattr(pack, "LARGEST", 10_000)
    with pytest.raises(UserError, match="a pack must hold at most 10,000 bytes, but these files have 24,098"):
        write_pack(path, large)
    with pytest.raises(ValueError, match="it holds more than 10,000 bytes"):
        read_pack(path)


def test_a_packed_run_cannot_be_named_where_weights_are_needed(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make("unit_a", 0, config=example_config(training={"epochs": 1, "patience": 1}))
    pack_runs(load_results([folder]).runs, tmp_path / "packed" / "runs")
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "packed"))
    with pytest.raises(UserError, match="there is no unit_a"):
        find_run("unit_a")
    for name in ("packed/runs", "packed/runs/runs.tar.xz"):
        with pytest.raises(UserError, match=r"of one run, but .*packed/runs is not. Its runs.tar.xz has .* no weights"):
            find_run(tmp_path / name)


def test_a_run_that_cannot_be_read_is_named_and_the_pack_stays(make: Make, tmp_path: Path) -> None:
    pack_runs(load_results([make("bn", 0)]).runs, tmp_path / "kept")
    before = (tmp_path / "kept" / "runs.tar.xz").read_bytes()
    folder = make("ln", 1)
    runs = load_results([folder]).runs
    size = (folder / "history.csv").stat().st_size
    os.truncate(folder / "history.csv", LIMIT + 1)
    with pytest.raises(UserError, match=r"a run must be files .* but .*history.csv is too large .*other runs"):
        pack_runs(runs, tmp_path / "kept")
    os.truncate(folder / "history.csv", size)
    (folder / "result.json").unlink()  # as force=true does
    with pytest.raises(UserError, match=r"but .*ln-s1-n0000001/result.json is gone. .* wait until it is trained"):
        pack_runs(runs, tmp_path / "kept")
    assert (tmp_path / "kept" / "runs.tar.xz").read_bytes() == before


def test_a_lock_that_another_user_left_can_be_taken(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, really = tmp_path / ".runs.tar.xz.lock", Path.open
    left.touch()

    def as_other_user(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if path == left and mode != "rb":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", as_other_user)
    assert pack_runs(load_results([make("bn", 0)]).runs, tmp_path).added == 1
    assert not left.exists()
