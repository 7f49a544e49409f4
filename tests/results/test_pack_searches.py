"""A pack holds the searches of its experiments: its report is that of the folders, whatever an archive holds."""

from __future__ import annotations

import io
import json
import lzma
import shutil
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from mgu.cli.pack import main as pack
from mgu.cli.report import main as report
from mgu.errors import UserError
from mgu.report.searches.load import load_curves, save_replayed
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import load_results
from mgu.results.runs.pack import Pack, read_pack, write_pack
from mgu.results.runs.searches import Searches
from mgu.search.budget import Budget
from mgu.search.curve import Curve, Incumbent
from mgu.serve.scan import Scanner
from tests.examples import example_config, example_result, example_unit

Printed = Callable[[Path], str]
WORKER = "host-of-mine-4242-1796030731310937940"
COST = {"seconds": 2.0, "cpu_seconds": 1.0, "epochs": 5}


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Returns what the report of a path prints in all its forms."""

    def read(path: Path) -> str:
        capsys.readouterr()
        for form in ("md", "csv", "json"):
            report([str(path), "--format", form])
        return capsys.readouterr().out.replace(str(path), "PATH")

    return read


def write_run(folder: Path, number: int, make: Callable[..., Any] = example_result, **changes: Any) -> str:
    """A run of its own learning rate, by whose name a study knows it."""
    config = example_config(optimizer={"name": "nadam", "lr": (number + 1) / 1000})
    name = "digits_2-mgu-reference-s0" if make is example_unit else "digits_2-ln-s0"
    values = {"experiment_name": folder.name, "identity": f"{number:08}", "config": config, "num_classes": 10}
    result = make(name, **(values | {"val_accuracy": 0.8 + number / 100} | changes))
    (folder / result.folder_name).mkdir(parents=True)
    write_result(folder / result.folder_name, result)
    return str(result.folder_name)


def study_lines(runs: Sequence[str], **details: Any) -> list[bytes]:
    events: list[dict[str, Any]] = [{"event": "study", "identity": "x"}]
    for number, run in enumerate(runs):
        asked = {"point": {"lr": number}, "seed": 0, "worker": WORKER, "ask_s": 0.25}
        known = {"run": run, "status": "ok", "metric": "accuracy", "val": 0.5 + number / 10, "test": 0.5, "params": 9}
        known |= {"contended": False, "resumed": 0, "to_solution_s": 1.5, "lost_s": 0.0, **details}
        told = {"state": "told", "score": known["val"], "second": None, "epochs": 5, "cost": COST, "details": known}
        events += [{"event": "asked", "number": number, **asked}, {"event": "told", "number": number, **told}]
    return [json.dumps(event).encode() + b"\n" for event in events]


def study_text(**changes: Any) -> str:
    described = {
        "identity": "x",
        "strategy": "tpe",
        "seed": 0,
        "space": {"name": "protocol"},
        "options": {"startup": 2},
    }
    known = {"data": ["digits", "paper"], "size": None, "unit": "", "budget": asdict(Budget(trials=8))}
    return yaml.safe_dump(described | known | changes, sort_keys=False)


def write_study(experiment: Path, lines: Sequence[bytes], name: str = "tpe-protocol-s0-x", **changes: Any) -> Path:
    folder = experiment / "search" / name
    (folder / "workers").mkdir(parents=True, exist_ok=True)
    (folder / ".lock").touch()
    (folder / "study.yaml").write_text(study_text(**changes))
    (folder / "history.jsonl").write_bytes(b"".join(lines))
    return folder


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """A grid and a unit, with a study that trained runs of its own, one of them anew, and a replayed one."""
    folder = tmp_path / "runs" / "trial"
    for number in range(3):
        write_run(folder, number)
    write_run(folder, 3, example_unit)
    trained = [write_run(folder, number) for number in range(4, 8)]
    study = write_study(folder, study_lines(trained[:-1]))
    confirmed = {"seeds": [7], "points": [{"number": 0, "runs": trained[-1:]}]}
    (study / "confirmed.json").write_text(json.dumps(confirmed))
    step = Incumbent(1.0, 0, 0.7, 0.7, 0.6, 9)
    replayed = Curve("gbfs", "grid", 0, (step,), 1.0, 0.0, 1, until=2.0, origin="replayed")
    save_replayed(folder, "gbfs-grid-y", ("digits", "paper"), [replayed], {"points": 24})
    return folder


def test_the_report_of_a_pack_has_the_searches(experiment: Path, printed: Printed, tmp_path: Path) -> None:
    """It counted what searches had trained as a grid in random order."""
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    of_folder = printed(experiment)
    assert "4 were trained by searches alone" in of_folder and "tpe on protocol" in of_folder
    assert "gbfs on grid" in of_folder
    assert printed(tmp_path / "kept") == printed(tmp_path / "kept" / "runs.tar.xz") == of_folder
    both = [run for run in load_results([tmp_path / "kept", experiment]).runs if run.packed is not None]
    assert both == []
    (tmp_path / "kept" / "search").mkdir()
    shutil.copytree(experiment / "search", tmp_path / "kept" / "search", dirs_exist_ok=True)
    assert printed(tmp_path / "kept") == of_folder  # what lies beside a pack counts, but once


def test_a_study_is_told_what_a_pack_lacks(experiment: Path, printed: Printed, tmp_path: Path) -> None:
    """The comparison of the other tests can fail: without its searches the same runs have another report."""
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    of_folder = printed(tmp_path / "kept")
    path = tmp_path / "kept" / "runs.tar.xz"
    write_pack(path, Pack(read_pack(path).runs, {}))  # as earlier versions did
    of_older = printed(path)
    assert of_older != of_folder and "tpe on protocol" not in of_older and "digits_2-ln" in of_older


def test_tar_gives_back_searches_that_say_nothing_of_the_machine(
    experiment: Path, printed: Printed, tmp_path: Path
) -> None:
    study = experiment / "search" / "tpe-protocol-s0-x"
    failed = study_lines(["gone"], error="no such file: '/home/anybody/my data/a.csv'")[1:]
    lines = [line.replace(b'"number": 0', b'"number": 3') for line in failed]
    with (study / "history.jsonl").open("ab") as file:
        file.write(b"".join(lines) + b'{"event": "asked", "num')  # of a worker that writes at this moment
    pack([str(experiment), "--to", str(tmp_path)])
    with lzma.open(tmp_path / "runs.tar.xz") as stream, tarfile.open(fileobj=stream) as archive:
        archive.extractall(tmp_path / "again", filter="data")
    again = tmp_path / "again" / "trial"
    assert printed(again) == printed(experiment)
    files = sorted(str(file.relative_to(again)) for file in (again / "search").rglob("*") if file.is_file())
    own = [f"search/tpe-protocol-s0-x/{name}" for name in ("confirmed.json", "history.jsonl", "study.yaml")]
    assert files == ["search/replayed/gbfs-grid-y.json", *own]
    history = (again / own[1]).read_bytes()
    assert b"host-of-mine" not in history and b"anybody" not in history and b"no such file: 'a.csv'" in history
    assert history.endswith(b"\n") and len(history.splitlines()) == 9
    workers = {json.loads(line).get("worker") for line in history.splitlines()} - {None}
    assert len(workers) == 1  # still told apart
    for name in ("study.yaml", "confirmed.json"):
        assert (again / "search/tpe-protocol-s0-x" / name).read_bytes() == (study / name).read_bytes()
    pack([str(again), "--to", str(tmp_path / "twice")])
    assert (tmp_path / "twice" / "runs.tar.xz").read_bytes() == (tmp_path / "runs.tar.xz").read_bytes()


def test_searches_without_runs_can_be_packed(
    tmp_path: Path, printed: Printed, capsys: pytest.CaptureFixture[str]
) -> None:
    events = study_lines(["", ""])
    write_study(tmp_path / "gemm", events, measure="a:b", size=30, unit="GFLOP/s", space={"name": "gemm_64"})
    pack([str(tmp_path / "gemm"), "--to", str(tmp_path / "kept" / "gemm")])
    assert "0 runs (0 added), 1 search (1 added), " in capsys.readouterr().out
    of_folder = printed_measured(tmp_path / "gemm", capsys)
    assert "tpe on gemm_64" in of_folder
    for path in (tmp_path / "kept" / "gemm", tmp_path / "kept", tmp_path / "kept/gemm/runs.tar.xz"):
        assert printed_measured(path, capsys) == of_folder
    (tmp_path / "none" / "search").mkdir(parents=True)
    with pytest.raises(UserError, match=r"there must be a finished run or a search to pack, but .*none has none"):
        pack([str(tmp_path / "none"), "--to", str(tmp_path / "kept")])


def printed_measured(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    for form in ("table", "md", "csv", "json"):
        report([str(path), "--format", form])
    return capsys.readouterr().out


def trials_of(kept: Path) -> list[int]:
    (searches,) = load_results([kept]).packed_searches
    curves, skipped = load_curves([searches], "digits", "paper")
    assert not skipped
    return [curve.trials for curve in curves]


def test_a_packed_study_grows_and_never_shrinks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], experiment: Path
) -> None:
    kept, lines = tmp_path / "kept", study_lines([f"run-{number}" for number in range(4)])
    shutil.rmtree(experiment / "search")
    study = write_study(experiment, lines[:3])
    pack([str(experiment), "--to", str(kept)])
    assert trials_of(kept) == [1]
    write_study(experiment, lines)  # it has gone on
    (study / "confirmed.json").write_text('{"points": []}')
    pack([str(experiment), "--to", str(kept)])
    assert trials_of(kept) == [4]
    whole = (kept / "runs.tar.xz").read_bytes()
    (study / "confirmed.json").unlink()
    write_study(experiment, lines[:5])  # as on another machine, before
    capsys.readouterr()
    pack([str(experiment), "--to", str(kept)])
    assert "8 runs (0 added), 1 search (0 added), " in capsys.readouterr().out
    assert trials_of(kept) == [4] and (kept / "runs.tar.xz").read_bytes() == whole
    write_study(experiment, study_lines(["another"]))
    with pytest.raises(UserError, match=r"one history of each study, but there is another of trial/search/tpe-"):
        pack([str(experiment), "--to", str(kept)])
    assert (kept / "runs.tar.xz").read_bytes() == whole
    pack([str(experiment), "--to", str(kept), "--replace"])
    assert trials_of(kept) == [1]


def test_paths_in_what_identifies_a_study_are_kept_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], experiment: Path
) -> None:
    write_study(experiment, study_lines(["run"]), warm_start={"folder": "/home/anybody/before"})
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    said = "the identities of these runs and searches include paths of this machine (/home/anybody/before)"
    assert said in capsys.readouterr().err


def test_a_page_follows_the_searches_of_a_pack(tmp_path: Path, experiment: Path) -> None:
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    scanner = Scanner([tmp_path / "kept"])
    scanner.look()
    (run, *_), before = [seen.run for seen in scanner.all_runs if seen.run], scanner.version
    assert [list(where.packed or {}) for where in run.searches] == [[], ["tpe-protocol-s0-x", "replayed"]]
    write_study(experiment, study_lines(["run"]), "tpe-protocol-s1-x", seed=1)
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    scanner.look()
    assert scanner.version > before


def write_archive(path: Path, files: Mapping[str, bytes], links: Sequence[str] = ()) -> None:
    with lzma.open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)


def test_what_else_stands_beside_packed_searches_is_not_read(tmp_path: Path) -> None:
    path, study = tmp_path / "runs.tar.xz", study_text().encode()
    wrong = [
        "../search/x/study.yaml", "a/../x/study.yaml", "a/search/../study.yaml", "/search/x/study.yaml",
        "a/other/x/study.yaml", "a/search/x/y/study.yaml", "a/search/x\x1b[2J/study.yaml", "a/search/x/weights.json",
        "a/search/replayed/study.yaml", "a/search/x/workers", "search/x/study.yaml",
    ]  # fmt: skip
    right = {"a/search/x/study.yaml": study, "a/search/replayed/y.json": b"{}"}
    write_archive(path, dict.fromkeys(wrong, study) | right, ["a/search/z/study.yaml", "a/search/x/history.jsonl"])
    assert read_pack(path) == ({}, {"a": {"x": {"study.yaml": study}, "replayed": {"y.json": b"{}"}}})
    curves, skipped = load_curves(load_results([path]).packed_searches, "digits", "paper")
    assert not curves and skipped == [f"A study could not be read: {path}/a/search/replayed/y.json: 'data'"]


DAMAGED = {
    "a list": ("study.yaml", b"[1, 2]", "Expected `object`"),
    "another type": ("study.yaml", study_text(strategy=["tpe"]).encode(), "Expected `str`"),
    "code": ("study.yaml", b"!!python/object/apply:os.system [exit]", "could not determine a constructor"),
    "itself": ("study.yaml", study_text().encode() + b"more: &more [*more]\n", "it refers to itself"),
    "nothing": ("study.yaml", b"", "Expected `object`"),
    "no text": ("study.yaml", b"\xff\xfe\x00", ""),
    "endless depth": ("study.yaml", b"[" * 5000, ""),
    "a line": ("history.jsonl", b"{}\n", "line 1 is damaged"),
    "no number": ("history.jsonl", b"".join(study_lines(["run"], val="high")), "unsupported operand"),
    "no whole number": ("history.jsonl", b"".join(study_lines(["run"], params="many")), "Expected `int | null`"),
    "no details": ("history.jsonl", b"".join(study_lines(["a"])).replace(b'"details": {', b'"details": 1, "x": {'), ""),
    "confirmed": ("confirmed.json", b'{"points": 3}', "not iterable"),
    "replayed": ("replayed", b'{"data": ["digits", "paper"], "curves": [{"strategy": 1}]}', ""),
    "replayed deep": ("replayed", b"[" * 100_000, ""),
}


@pytest.mark.parametrize(("name", "content", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_study_of_a_pack_is_named_and_never_fatal(
    name: str, content: bytes, reason: str, tmp_path: Path, experiment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    path = tmp_path / "kept" / "runs.tar.xz"
    runs, searches = read_pack(path)
    folders = dict(searches["trial"])
    folder, file = ("replayed", "gbfs-grid-y.json") if name == "replayed" else ("tpe-protocol-s0-x", name)
    folders[folder] = {**folders[folder], file: content}
    write_pack(path, Pack(runs, {"trial": folders}))
    capsys.readouterr()
    report([str(path), "--format", "md"])
    told = capsys.readouterr().out
    shown = f"{path}/trial/search/{folder}/{file if name == 'replayed' else 'study.yaml'}: "
    [line] = [line for line in told.replace("\\", "").splitlines() if "A study could not be read: " in line]
    assert shown in line and reason in line


def test_a_search_that_cannot_be_read_is_not_left_out_in_silence(tmp_path: Path, experiment: Path) -> None:
    file = experiment / "search" / "tpe-protocol-s0-x" / "confirmed.json"
    file.unlink()
    file.mkdir()
    with pytest.raises(UserError, match=r"confirmed.json is no plain file. Restore it"):
        pack([str(experiment), "--to", str(tmp_path / "kept")])


def test_studies_of_two_machines_are_no_copies_for_their_name(tmp_path: Path, printed: Printed) -> None:
    """Then the runs of one would count as a grid; and of what is packed twice, only one counts."""
    for machine, first in (("a", 0), ("b", 4)):
        folder = tmp_path / "runs" / machine / "trial"
        write_run(folder, first, example_unit)
        runs = [write_run(folder, first + number) for number in range(1, 4)]
        write_study(folder, study_lines(runs[first // 4 :]))
        pack([str(folder), "--to", str(tmp_path / "kept" / machine)])
    of_folders = printed(tmp_path / "runs")
    assert "Of 6 baselines 5 were trained by searches alone" in of_folders
    assert printed(tmp_path / "kept") == of_folders
    shutil.copytree(tmp_path / "kept" / "a", tmp_path / "kept" / "again")
    assert printed(tmp_path / "kept") == of_folders
    with pytest.raises(UserError, match="one history of each study, but there is another of trial/search/tpe-"):
        pack([str(tmp_path / "runs"), "--to", str(tmp_path / "one")])


def test_a_history_on_disk_is_read_where_it_is_newer_than_in_a_pack(tmp_path: Path, experiment: Path) -> None:
    pack([str(experiment), "--to", str(tmp_path / "kept")])
    (packed,) = load_results([tmp_path / "kept"]).packed_searches
    runs = [f"digits_2-ln-s0-{number:08}" for number in range(4, 10)]
    for more in (3, 6):
        write_study(experiment, study_lines(runs[:more]))
        curves, _ = load_curves([packed, Searches(experiment)], "digits", "paper")
        assert [(curve.strategy, curve.trials) for curve in curves] == [("tpe", more), ("gbfs", 1)]
