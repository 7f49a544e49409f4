"""Trials of a search are on the rows and the code that it began with: a file that is edited meanwhile is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from PIL import Image

from mgu.cli.study import run as run_search
from mgu.cli.study.trial_configs import Configurator
from mgu.config.conf import conf_dir
from mgu.errors import UserError
from mgu.search.comparable import check_comparable
from mgu.search.parameters.choices import Ordinal
from mgu.search.space import Space
from tests.conftest import hydra_of

Start = Callable[..., Configurator]
LR = Space("mine", (Ordinal("optimizer.lr", (0.1, 0.2, 0.3)),))
TABLE = ("dataset=table", "dataset.path=h.csv", "dataset.target=ill", "layout=dense_3")
IMAGES = ("dataset=images", "dataset.path=pictures", "layout=digits_2")
CODE = ("dataset=digits", "layout=python", "layout.target=mine:Net")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Begins a search of learning rates by the words of a command, in a folder of files."""
    monkeypatch.chdir(tmp_path)
    Path("h.csv").write_text("a,ill\n" + "".join(f"{row},{row % 2}\n" for row in range(40)))
    for number in range(24):
        path = Path("pictures", "ab"[number % 2], f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 10 * number).save(path)
    Path("mine.py").write_text("import torch\n\nclass Net(torch.nn.Linear):\n    pass\n")
    with hydra_of(conf_dir()):
        loader: Any = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("config", [], RunMode.MULTIRUN)
        HydraConfig.instance().set_config(master)
        yield lambda *words: Configurator(loader, master, words, LR)


def edit(words: tuple[str, ...]) -> None:
    """Edits what a search by these words is on."""
    path = {TABLE: Path("h.csv"), IMAGES: Path("pictures/a/0.png"), CODE: Path("mine.py")}[words]
    shutil.copy(path, "before")
    if words == IMAGES:
        Image.new("L", (8, 8), 250).save(path)
    else:
        path.write_text(path.read_text().replace("0\n", "1\n", 3) + "\n# edited" * (words == CODE))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (TABLE, r"dataset\.path must stay as it was when the search began, but .*h\.csv has changed"),
        (IMAGES, r"dataset\.path must stay as it was when the search began, but .*pictures has changed"),
        (CODE, r"layout\.target must stay as it was when the search began, but mine:Net has changed"),
    ],
)
def test_points_that_are_composed_after_an_edit_are_refused(words: tuple[str, ...], message: str, start: Start) -> None:
    configure = start(*words)
    first = configure({"optimizer.lr": 0.1}, 0)
    edit(words)
    assert configure({"optimizer.lr": 0.1}, 0) == first  # whose run refuses
    with pytest.raises(UserError, match=message):
        configure({"optimizer.lr": 0.2}, 0)
    with pytest.raises(UserError, match=message):  # at the start, too
        check_comparable(LR, configure, False)


def test_a_search_goes_on_where_the_file_is_put_back(start: Start) -> None:
    configure = start(*TABLE)
    first = configure({"optimizer.lr": 0.1}, 0)
    edit(TABLE)
    shutil.copy("before", "h.csv")
    assert configure({"optimizer.lr": 0.2}, 0).dataset == first.dataset


def test_data_sets_that_a_space_chooses_among_may_differ(start: Start) -> None:
    shutil.copy("h.csv", "other.csv")
    edit(TABLE)
    space = Space("mine", (Ordinal("dataset.path", ("h.csv", "other.csv")),))
    configure = start(*TABLE)
    configure.space = space
    with pytest.raises(UserError, match=r"dataset\.path must be the same at all points of a search"):
        check_comparable(space, configure, False)


def test_a_worker_that_finds_another_study_than_was_launched_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "random-mine-s0-01234567"
    monkeypatch.setattr(run_search, "plan_studies", lambda *_: [SimpleNamespace(study=SimpleNamespace(folder=folder))])
    monkeypatch.setattr(run_search, "work_apart", lambda _: None)
    monkeypatch.setattr(run_search, "as_study_run", lambda *_: None)
    with hydra_of(conf_dir()):
        loader: Any = GlobalHydra.instance().config_loader()
        HydraConfig.instance().set_config(loader.load_configuration("config", [], RunMode.MULTIRUN))
        with pytest.raises(UserError, match="a worker must search what its command began"):
            run_search.work([])
        folder.mkdir()
        assert run_search.work([]) == "done"
