"""What runs import is imported by the server that they are forked from, once for all of them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from mgu.search.budget import Budget
from mgu.sweep import preload
from mgu.sweep.search import study_run
from mgu.sweep.search.study_run import StudyRun, work_apart
from mgu.sweep.search.worker import TrialSettings
from tests.conftest import Configure
from tests.search.test_spending import study_of

LOAD = """
import pickle, sys
from importlib import import_module
from pathlib import Path

names, config = pickle.loads(Path(sys.argv[1]).read_bytes())
for name in names:
    import_module(name)
from mgu.data.datasets import open_dataset

before = set(sys.modules)
assert open_dataset(config).splits.train
print(*{name.partition(".")[0] for name in set(sys.modules) - before} & {"pandas", "sklearn", "scipy"})
"""


@pytest.mark.slow
def test_a_run_on_a_table_imports_no_library_that_the_server_has_not(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "\n".join(f"{number},{'ab'[number % 2]},{3 * number}" for number in range(60))
    (tmp_path / "houses.csv").write_text(f"area,kind,price\n{rows}\n")
    words = (f"dataset.path={tmp_path / 'houses.csv'}", "dataset.target=price", "dataset.task=regression")
    config = configure("dataset=table", *words, "layout=dense_2")
    names: list[str] = []
    monkeypatch.setattr(preload, "start_server", lambda *modules: names.extend(modules))
    preload.preload_for([config])
    (tmp_path / "call").write_bytes(pickle.dumps((names, config.dataset)))
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "call")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_a_search_in_a_process_of_a_launcher_has_imported_before_its_first_trial_begins(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each trial imported for itself, seconds that its cost had."""
    example, done = configure("layout=digits_2"), list[object]()
    monkeypatch.setattr(study_run, "preload_for", done.append)
    monkeypatch.setattr(study_run, "finish_imports", lambda on_import: done.append("imported"))
    monkeypatch.setattr(study_run, "work_here", done.append)
    search = StudyRun(study_of(tmp_path, Budget(trials=1)), TrialSettings(lambda *_: example), example)
    work_apart(search)
    assert done == [[example], "imported", search]
