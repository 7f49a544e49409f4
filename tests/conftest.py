"""What several test files need: configurations by override, real data, and the command as a user starts it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import IConfigRepository
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from mgu.cli.compose import read_config
from mgu.cli.remember import remember_files
from mgu.config.conf import conf_dir
from mgu.config.run import RunConfig
from mgu.results.on_disk.folder import run_folder
from tests.processes import Finished, Running, ready_server

torch.set_num_threads(1)  # the tensors are small: threads would only wait for each other

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of shells for what is started in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the commands of tests of Ctrl-C inherit it otherwise

READ_ONCE: dict[Path, IConfigRepository] = {}  # by the folder of configurations

Configure = Callable[..., RunConfig]
Command = Callable[..., Finished]


@pytest.fixture(autouse=True)
def sigint() -> Iterator[None]:
    """Restores what Ctrl-C does: a command that ends in this process ignores it, and later ones would inherit that."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option of `make torture`."""
    parser.addoption("--long", action="store_true", help="run the long form of tests/torture/: half an hour and more")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what only the long form has, and has tests that start `mgu-run` count as slow."""
    for item in items:
        if "mgu_run" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether hostile tests run in their long form."""
    return bool(request.config.getoption("--long"))


@contextmanager
def hydra_of(folder: Path) -> Iterator[None]:
    """Hydra with our configurations, whose files are read once for all tests: half of composing is reading YAML."""
    with initialize_config_dir(str(folder), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        assert isinstance(loader, ConfigLoaderImpl)
        if folder in READ_ONCE:
            loader.repository = cast(Any, READ_ONCE[folder])
        else:
            remember_files(loader)
            READ_ONCE[folder] = loader.repository
        yield


def compose_run(runs_dir: Path, *overrides: str) -> RunConfig:
    """A run's configuration from command-line overrides; energy is off."""
    quiet = [f"runs_dir={runs_dir}", "energy.enabled=false", "device=cpu", "training.checkpoint_s=0"]
    with hydra_of(conf_dir()):
        composed = compose("config", [*quiet, *overrides], return_hydra_config=True)
    HydraConfig.instance().set_config(composed)
    return read_config(composed)


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """`compose_run` with runs/ in a temporary folder."""
    return partial(compose_run, tmp_path / "runs")


@pytest.fixture(scope="session")
def kept_unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a unit trained for one epoch, once for all tests."""
    from mgu.run.execute import run  # takes a while, which most files need not wait for

    config = compose_run(tmp_path_factory.mktemp("kept"), "layout=digits_2", "mgu=reference", "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGU_CONTENTION", str(tmp_path_factory.getbasetemp() / "contention"))
        run(config)
    return run_folder(config)


@pytest.fixture
def trained_unit(kept_unit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it that may be damaged, below the default runs folder."""
    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    return Path(shutil.copytree(kept_unit, tmp_path / "runs" / "single" / kept_unit.name))


@pytest.fixture
def decoded_apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps decoded images out of the user's cache, where compiled kernels stay: a second each to compile."""
    from mgu.data.cases import cases
    from mgu.data.own_images import load

    for module in (cases, load):
        monkeypatch.setattr(module, "cache_dir", lambda kind: tmp_path_factory.getbasetemp() / "decoded" / kind)


@pytest.fixture
def mgu_run(tmp_path: Path) -> Command:
    """`mgu-run` in a process of its own, in an empty folder, with runs/ there."""

    def start(*arguments: str, **environment: str) -> Finished:
        return Running(tmp_path, list(arguments), environment).wait()

    return start


@pytest.fixture(autouse=True)
def environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undoes what a command sets that a test runs in this process: scripts would not find their neighbours."""
    monkeypatch.setenv("PYTHONSAFEPATH", "")  # recorded, and put back after the test
    monkeypatch.delenv("PYTHONSAFEPATH")


@pytest.fixture(autouse=True, scope="session")
def server() -> None:
    """Begins to import while the first tests run."""
    ready_server()


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers every time: activations have kinks, where rounding alone decides."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else this machine measures is not of the test."""
    monkeypatch.setenv("MGU_CONTENTION", str(tmp_path_factory.getbasetemp() / "contention"))


@pytest.fixture
def data_root() -> str:
    """Where MNIST and CIFAR-10 lie; the tests on them are skipped where MGU_DATA names no folder."""
    root = os.environ.get("MGU_DATA", "")
    if not Path(root, "MNIST").is_dir() or not Path(root, "cifar-10-batches-py").is_dir():
        pytest.skip("set MGU_DATA to a folder with MNIST and CIFAR-10, as torchvision leaves them, to run this")
    return root
