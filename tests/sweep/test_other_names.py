"""A run whose layout was renamed is found again by its identity: the user is told which folder to rename."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mgu.cli.main import main
from mgu.results.on_disk.file_names import CHECKPOINT_FILE
from mgu.results.on_disk.folder import find_state, run_folder
from mgu.results.on_disk.result_file import write_result
from mgu.sweep.other_names import describe_other_names, find_under_other_names
from tests.conftest import Configure
from tests.examples import example_result


@pytest.mark.parametrize("kind", ["interrupted", "done", "failed", "empty"])
def test_what_was_trained_under_another_name_is_found(kind: str, configure: Configure) -> None:
    old, new = (configure("layout=digits_2", f"layout.name={name}") for name in ("old", "new"))
    folder = run_folder(old)
    folder.mkdir(parents=True)
    assert old.identity == new.identity and folder != run_folder(new)
    if kind == "interrupted":
        (folder / CHECKPOINT_FILE).touch()
    elif kind != "empty":
        write_result(folder, example_result(status="ok" if kind == "done" else "failed", identity=old.identity))
    if kind in ("failed", "empty"):
        assert not find_under_other_names([new])
        return
    assert find_under_other_names([new]) == {run_folder(new): folder}
    assert not find_under_other_names([old]) and not find_under_other_names([old, new])  # both are wanted
    assert not find_under_other_names([new.model_copy(update={"force": True})])
    assert not find_under_other_names([new.model_copy(update={"seed": 1})])
    line = describe_other_names(find_under_other_names([new]))
    assert line.startswith("1 run is trained anew") and line.endswith(f"rename {folder} to {run_folder(new).name}")
    folder.rename(run_folder(new))
    assert find_state(new) == kind and not find_under_other_names([new])


def test_many_are_one_line(configure: Configure) -> None:
    old, new = ([configure(f"layout.name={name}", f"seed={seed}") for seed in range(5)] for name in ("old", "new"))
    for config in old:
        run_folder(config).mkdir(parents=True)
        (run_folder(config) / CHECKPOINT_FILE).touch()
    line = describe_other_names(find_under_other_names(new))
    assert line.startswith("5 runs are trained anew") and line.endswith(" and 2 more") and "\n" not in line
    assert line.count("old-") == line.count("new-") == 3


@pytest.mark.slow
def test_a_renamed_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MGU_RUNS", str(tmp_path))
    words = ["mgu-run", "layout=digits_2", "norm=ln", "training.epochs=2", "energy.enabled=false"]
    monkeypatch.setattr(sys, "argv", [*words, "training.stop_after=1"])
    main()
    [old] = tmp_path.glob("*/*-s0-*")
    monkeypatch.setattr(sys, "argv", ["mgu-run", "plan", *words[1:], "layout.name=new"])
    main()
    told = capsys.readouterr().err
    new = old.with_name(old.name.replace("digits_2", "new"))
    assert "1 run is trained anew, but has been trained under another name" in told
    assert f"To keep that, rename {old} to {new.name}\n" in told
    old.rename(new)
    monkeypatch.setattr(sys, "argv", [*words, "layout.name=new"])
    main()
    shown, told = capsys.readouterr()
    assert "continues after epoch 1" in shown and "another name" not in told
    assert list(tmp_path.glob("*/*-s0-*")) == [new]
