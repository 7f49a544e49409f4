"""A function of the user's must return the same rows at every call: its fingerprint, and what is refused."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.python.fingerprint import take_fingerprint
from mgu.data.python.load import load_data
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import load_trained
from mgu.random_numbers.generators import unseeded
from mgu.results.compare.fingerprints import is_same_data
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import read_result
from tests.conftest import Command, Configure

SOURCE = """
import numpy as np
import torch
from pathlib import Path

def digits():
    drawn = np.random.default_rng(0)  # scikit-learn's take each process a second to import
    targets = drawn.integers(0, 10, 400)
    return drawn.integers(0, 9, (400, 64)) + 8 * (np.arange(64) % 10 == targets[:, None]), targets

def load(seed=None, as_images=False):
    inputs, targets = digits()
    inputs = (inputs * 15).astype("uint8").reshape(-1, 1, 8, 8) if as_images else inputs / 16
    order = (np.random if seed is None else np.random.RandomState(seed)).permutation(400)
    train, test = order[:300], order[300:]
    return {"train": (inputs[train], targets[train]), "test": (inputs[test], targets[test])}

def permuted():
    inputs, targets = digits()
    order = torch.randperm(len(targets))
    return {"train": (inputs[order], targets[order])}

def noisy():
    inputs, targets = digits()
    return {"train": (inputs / 16 + np.random.normal(0, 0.01, inputs.shape), targets)}

def from_file(path):
    inputs, targets = digits()
    first = int(Path(path).read_text())
    return {"train": (np.roll(inputs / 16, first, 0), np.roll(targets, first))}
"""
AT_IMPORT = """
import numpy as np
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(3, 4))

def by_threads():
    return {"train": (torch.arange(120.0).view(-1, 3) ** torch.get_num_threads(), torch.arange(40) % 4)}

np.random.seed(0)

def load(kinds=4):
    order = np.random.permutation(40)
    return {"train": (torch.arange(120.0).view(-1, 3)[order], torch.arange(40)[order] % kinds)}
"""
SEEDED = ("dataset.target=rows:load", "++dataset.options.seed=3")
REFUSED = "must return the same rows at every call, but returned others. Seed what it draws"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with modules in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, source in (("rows", SOURCE), ("at_import", AT_IMPORT)):
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text(source)
    return tmp_path


@pytest.fixture
def own(folder: Path, configure: Configure) -> Configure:
    """Configures a run on what a function returns."""

    def make(*words: str) -> RunConfig:
        return configure("dataset=python", "layout=dense_2", "threads=1", *words)

    return make


ROWS = torch.randn(2000, 20, generator=torch.Generator().manual_seed(0))
PIXELS = torch.randint(0, 256, (2000, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(2000) % 10


def swap(values: Tensor) -> Tensor:
    values = values.clone()
    values[[3, 1234]] = values[[1234, 3]]
    return values


def is_same(first: Tensor, second: Tensor) -> bool:
    return is_same_data(take_fingerprint([first]), take_fingerprint([second]))


@pytest.mark.parametrize("values", [ROWS, PIXELS, LABELS, ROWS[:, 0], ROWS * 1e6 + 1e7], ids=str)
def test_two_swapped_examples_another_one_and_fewer_are_noticed(values: Tensor) -> None:
    replaced = values.clone()
    replaced[5] = values[6]
    assert is_same(values, values.clone())
    for other in (swap(values), replaced, values[:-1], values.flip(0)):
        assert not is_same(values, other)


BEGUN = torch.full((2000, 1), 1.7e9, dtype=torch.float64) + 86_400 * ROWS[:, :1]
FAR_OUT = ROWS.index_fill(0, torch.tensor([7]), 1e6)


@pytest.mark.parametrize(
    "values",
    [torch.cat([BEGUN, ROWS], 1).float(), 1.7e9 + 1000 * ROWS[:, 0].double(), 1e5 + ROWS[:, 0].double(), FAR_OUT[:, 0]],
    ids=["times beside others", "large targets", "close targets", "one far out"],
)
def test_large_numbers_do_not_hide_others(values: Tensor) -> None:
    order = torch.randperm(1990, generator=torch.Generator().manual_seed(1))
    assert is_same(values, values.clone())
    assert not is_same(values, torch.cat([values[:10], values[10:][order]]))


@pytest.mark.parametrize("scale", [1.0, torch.tensor([1e6, *[1.0] * 18, 1e-3])], ids=["even", "uneven"])
def test_rounding_is_not_noticed(scale: float | Tensor) -> None:
    raw = ROWS * scale + 50
    at_once, by_four = raw.mean(0), raw.view(4, -1, 20).mean(1).mean(0)  # as one thread and four would
    first, second = ((raw - mean) / raw.std(0) for mean in (at_once, by_four))
    assert not torch.equal(first, second) and is_same(first, second) and not is_same(first, swap(second))


def test_a_feature_of_rounding_errors_and_features_that_are_all_alike_do_not_count() -> None:
    errors = 1e-7 * torch.randn(2000, 2)
    assert is_same(torch.cat([ROWS, errors], 1), torch.cat([ROWS, errors.flip(0)], 1))
    assert not is_same(torch.cat([ROWS, errors], 1), torch.cat([swap(ROWS), errors], 1))
    assert is_same(torch.zeros(9, 2), torch.zeros(9, 2)) and not is_same(torch.zeros(9, 2), torch.zeros(8, 2))


def test_what_is_not_known_is_taken_for_the_same() -> None:
    assert is_same_data(None, "3 0.5 0.1") and is_same_data("3 0.5 0.1", None)
    assert not is_same_data("3 0.5 0.1", "3 0.5 0.1 3 0.5 0.1")


def test_global_random_numbers_are_new_inside_and_as_before_afterwards() -> None:
    def draw() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(()))]

    with unseeded():
        inside = draw()
    with unseeded():
        assert not {*inside} & {*draw()}
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = draw()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    with unseeded():
        draw()
    assert draw() == expected


@pytest.mark.parametrize("target", ["rows:load", "rows:permuted", "rows:noisy"])
def test_a_function_that_draws_without_a_seed_is_refused_when_it_is_called_again(target: str, own: Configure) -> None:
    with pytest.raises(UserError, match=REFUSED):
        open_dataset(own(f"dataset.target={target}").dataset).splits  # noqa: B018


@pytest.mark.parametrize("form", ["false", "true"])
def test_one_with_a_seed_is_not(form: str, own: Configure) -> None:
    config = own(*SEEDED, f"++dataset.options.as_images={form}")
    assert len(open_dataset(config.dataset).splits.train) == 270
    other = own("dataset.target=rows:load", "++dataset.options.seed=4", f"++dataset.options.as_images={form}").dataset
    assert not is_same_data(config.dataset.fingerprint, other.fingerprint)  # type: ignore[union-attr]


def test_a_module_that_seeds_when_it_is_imported_is_called_for_several_runs_of_one_process(own: Configure) -> None:
    for kinds in (4, 2):
        assert open_dataset(own("dataset.target=at_import:load", f"++dataset.options.kinds={kinds}").dataset).splits


def test_a_module_that_seeds_when_it_is_imported_may_have_the_network_too(own: Configure, folder: Path) -> None:
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text(AT_IMPORT)
    for name in ("data", "net"):
        (folder / "package" / f"{name}.py").write_text("from package import Net, load")
    for data, net in (("at_import", "at_import"), ("package.data", "package.net")):
        config = own(f"dataset.target={data}:load", "layout=python", f"layout.target={net}:Net")
        build_model(resolve(config))
        assert open_dataset(config.dataset).splits


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_function_is_called_with_one_number_of_threads_everywhere(own: Configure, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert open_dataset(own("dataset.target=at_import:by_threads").dataset).splits
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_configurations_without_a_fingerprint_are_loaded(own: Configure) -> None:
    config = own("dataset.target=rows:load").dataset
    values = config.model_dump() | {"fingerprint": None}
    assert open_dataset(type(config)(**values)).splits.test
    assert load_data(values).fingerprint != config.fingerprint  # type: ignore[union-attr]
    with pytest.raises(UserError, match=r"dataset\.fingerprint must be left out, for it is filled in"):
        own("dataset.target=rows:load", "dataset.fingerprint=1")


Trains = Callable[..., tuple[int, str]]


@pytest.fixture
def train(folder: Path, mgu_run: Command) -> Trains:
    """The command; its exit code, and what it printed."""

    def start(*words: str) -> tuple[int, str]:
        own = ("dataset=python", "layout=dense_2", "threads=1", "energy.enabled=false", "training.epochs=2")
        done = mgu_run(*words, *own, "training.checkpoint_s=0", "device=cpu")
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    return start


def test_check_a_run_and_a_sweep_refuse_it_and_leave_nothing(train: Trains, folder: Path) -> None:
    for words in ((), ("check",), ("-m", "seed=0,1")):
        code, text = train(*words, "dataset.target=rows:load")
        assert code == 2 and REFUSED in text
    assert not list(folder.glob("runs/*/*"))
    assert train("check", *SEEDED)[0] == 0


def test_a_run_goes_on_with_the_rows_that_it_was_begun_with_only(train: Trains, folder: Path) -> None:
    words = ("dataset.target=rows:from_file", f"++dataset.options.path={folder / 'first.txt'}")
    begun = "was begun with, but returns others."

    def go_on(first: int, *more: str) -> tuple[int, str]:
        (folder / "first.txt").write_text(str(first))
        return train(*more, *words)

    assert go_on(0, "training.stop_after=1")[0] == 0
    for more in ((), ("-m", "seed=0,1"), ("plan",)):
        code, text = go_on(5, *more)
        assert code == 2 and begun in text and "pass force=true" in text
    assert "interrupted on other rows than dataset.target returns now, in" in go_on(5, "config")[1]
    code, text = go_on(0)
    assert code == 0 and "continues after epoch 1" in text
    code, text = go_on(5)
    assert code == 2 and begun in text
    (result,) = folder.glob("runs/*/*/result.json")
    before = read_result(result).config["dataset"]["fingerprint"]
    with pytest.raises(UserError, match=r"RUN must have the data that it was trained on.*returned others\. Seed what"):
        load_trained(result.parent).splits  # noqa: B018
    assert go_on(5, "force=true")[0] == 0
    assert read_result(result).config["dataset"]["fingerprint"] != before
    assert load_trained(result.parent).splits.train
    assert "was there" in go_on(5)[1]


def test_a_run_that_was_trained_before_there_were_fingerprints_is_taken_for_the_same(
    train: Trains, folder: Path, own: Configure
) -> None:
    from mgu.results.compare.same_data import check_same_data

    assert train(*SEEDED)[0] == 0
    config = own(*SEEDED, "training.epochs=2")
    check_same_data([config])
    dataset = config.dataset.model_copy(update={"fingerprint": "1 2 3"})
    with pytest.raises(UserError, match=f"{config.folder_name} was begun with"):
        check_same_data([config.model_copy(update={"dataset": dataset})])
    check_same_data([config.model_copy(update={"dataset": dataset, "force": True})])
    config_file = run_folder(config) / "config.yaml"
    assert "fingerprint: " in config_file.read_text()


@pytest.mark.slow
def test_no_search_goes_on_with_or_takes_runs_on_other_rows(train: Trains, folder: Path) -> None:
    rows = ("dataset.target=rows:from_file", f"++dataset.options.path={folder / 'first.txt'}")
    words = ("-m", *rows, "search=random", "space=grid", "norm=ln,no_norm", "seed=0")
    (folder / "first.txt").write_text("0")
    assert train(*words, "budget.trials=2")[0] == 0
    assert train(*words, "search.replay=true")[0] == 0
    (folder / "first.txt").write_text("5")
    for more, message in (
        (("budget.trials=2",), "must be of a study on the rows of today, but dataset.target has returned others"),
        (("search.replay=true",), "must have a recorded run of each of the 2 points"),
        (
            (f"warm_start.folder={folder / 'runs'}", "experiment_name=other", "budget.trials=1"),
            "warm_start.folder must have finished runs",
        ),
    ):
        code, text = train(*words, *more)
        assert code == 2 and message in text
