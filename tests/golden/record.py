"""What no change of the code may change: identities of runs, bits of trained weights, accuracies of `make demo`.

`python -m tests.golden.record` writes the three files beside this one. They were recorded before the code was moved
into packages; record them again only where a change is meant to train something else, and say so in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import torch
from hydra import compose
from omegaconf import OmegaConf, flag_override
from safetensors.torch import load_file

from mgu.config.check import check_config
from mgu.config.conf import conf_dir
from mgu.data.datasets import fill_defaults
from mgu.errors import UserError
from mgu.results.on_disk.file_names import WEIGHTS_FILE
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import read_result
from mgu.run.execute import run
from tests.conftest import hydra_of

FOLDER = Path(__file__).parent
IDENTITIES, WEIGHTS, DEMO = (FOLDER / f"{name}.json" for name in ("identities", "weights", "demo"))
# Defaults by kind of data are younger than the recording: the values that were every run's then are passed.
THEN = ("optimizer.lr=0.01", "training.last_batch=short")
FOUND = {  # what is found in the user's files, here as if it were always the same
    "table": {"path": "houses.csv", "target": "price", "task": "regression", "sha256": "0" * 64},
    "cases": {"path": "cases", "classes": ["healthy", "ill"], "sha256": "0" * 64},
    "movielens": {"sha256": "0" * 64},
}
LENGTH = ("training.epochs=2", "threads=1")
SIX_RUNS = {  # trained for two epochs each
    "images, baseline": ["layout=digits_3", "norm=bn_pre", "residual=with"],
    "images, unit": ["layout=digits_3", "mgu=reference"],
    "images, lean": ["layout=digits_3", "mgu=lean"],
    "table, baseline": ["dataset=table", "layout=dense_2", "norm=ln"],
    "table, unit": ["dataset=table", "layout=dense_2", "mgu=equations"],
    "ratings, unit": ["dataset=movielens", "layout=dense_2", "mgu=lean"],
}


def identities(with_experiments: bool = True) -> dict[str, str]:
    """Returns name and identity of every run that the files in conf/ compose, by what composes it."""
    with hydra_of(conf_dir()):
        return dict(_experiments() if with_experiments else ()) | dict(_combinations())


def _experiments() -> Iterator[tuple[str, str]]:
    """Yields the runs of all experiments' grids."""
    for name in _choices("experiment"):
        composed = compose("config", [f"+experiment={name}"], return_hydra_config=True)
        for axes in OmegaConf.to_container(composed.hydra.sweeper.grids).values():  # type: ignore[union-attr]
            for values in product(*(str(value).split(",") for value in axes.values())):
                words = [f"{axis}={value}" for axis, value in zip(axes, values, strict=True)]
                yield from _checked(f"+experiment={name} {' '.join(words)}", _compose(f"+experiment={name}", *words))


def _combinations() -> Iterator[tuple[str, str]]:
    """Yields every data set with every layout and every baseline or unit, where they go together."""
    datasets = {name: _compose(f"dataset={name}")["dataset"] for name in _choices("dataset")}
    layouts = {name: _compose(f"layout={name}")["layout"] for name in _choices("layout")}
    blocks = [f"norm={norm} residual={residual}" for norm in _choices("norm") for residual in _choices("residual")]
    blocks += [f"mgu={name}" for name in _choices("mgu") if name != "without"]
    for block in blocks:
        values = _compose(*block.split(), *THEN)
        for dataset, layout in product(datasets, layouts):
            chosen = values | {"dataset": datasets[dataset], "layout": layouts[layout]}
            yield from _checked(f"dataset={dataset} layout={layout} {block}", chosen)


def _choices(group: str) -> list[str]:
    return sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))


def _compose(*overrides: str) -> dict[str, Any]:
    """Returns the values of a run, its data set as if its files were found."""
    composed = compose("config", ["seed=3", *overrides], return_hydra_config=True)
    layout = composed.hydra.runtime.choices.layout
    with flag_override(composed, ["struct", "readonly"], False):
        composed.pop("hydra")
        composed.layout.name = layout  # Hydra tells it by what is not set up here
    values: dict[str, Any] = OmegaConf.to_container(composed, resolve=True)  # type: ignore[assignment]
    values["dataset"] |= FOUND.get(values["dataset"]["name"], {})
    return values


def _checked(what: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields the run, unless the schema refuses it."""
    try:
        config = check_config(fill_defaults(values))
    except UserError:
        return
    yield what, f"{config.name} {config.identity}"


def arithmetic() -> str:
    """Returns what decides how numbers are rounded here: results are equal to the bit only where it is the same.

    The kind of the processor does, too: torch's matrix products (MKL, oneDNN) take other kernels for each.
    """
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    found = [re.search(rf"^{key}\s*: (.+)$", facts, re.MULTILINE) for key in ("vendor_id", "cpu family", "model")]
    kinds = [torch.backends.cpu.get_cpu_capability(), *(match[1] if match else platform.machine() for match in found)]
    return f"torch {torch.__version__.partition('+')[0]}, {', '.join(kinds)}"


def weights(folder: Path) -> dict[str, dict[str, Any]]:
    """Trains the six runs below `folder`; returns the digest of the bits of each one's weights, and their norm."""
    from tests.conftest import compose_run  # which are not needed where only identities are recorded
    from tests.data.test_recommendations import generate
    from tests.data.test_tables import some_rows

    some_rows().to_csv(folder / "houses.csv", index=False)
    own = {
        "table": [f"dataset.path={folder / 'houses.csv'}", "dataset.target=price", "optimizer.lr=0.001"],
        "movielens": [f"dataset.root={generate(folder)}", "optimizer.lr=0.001"],
    }
    recorded = {}
    for name, overrides in SIX_RUNS.items():
        data = next((word.partition("=")[2] for word in overrides if word.startswith("dataset=")), "")
        config = compose_run(folder / "runs", *overrides, *THEN, *own.get(data, []), *LENGTH)
        run_folder(config).mkdir(parents=True)
        assert run(config).status == "ok"
        recorded[name] = _digest(run_folder(config) / WEIGHTS_FILE)
    return recorded


def _digest(file: Path) -> dict[str, Any]:
    tensors = load_file(file)
    bits = hashlib.sha256()
    for name in sorted(tensors):
        bits.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    norm = sum(float(tensor.double().square().sum()) for tensor in tensors.values()) ** 0.5
    return {"sha256": bits.hexdigest(), "norm": norm}


def accuracies(runs: Path) -> dict[str, float]:
    """Returns validation accuracy by name of the runs of the digits experiment below `runs`."""
    results = [read_result(file) for file in sorted((runs / "digits").glob("*/result.json"))]
    return {result.name: result.val.accuracy for result in results if result.val and result.val.accuracy is not None}


def main() -> None:
    """Writes the three files; the demo's takes a minute."""
    import subprocess
    import sys

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(IDENTITIES, identities())
        _write(WEIGHTS, {"arithmetic": arithmetic(), "runs": weights(folder)})
        command = ["+experiment=digits", "-m", f"runs_dir={folder}/demo", "energy.enabled=false", "device=cpu"]
        subprocess.run([str(Path(sys.executable).with_name("mgu-run")), *command], check=True)
        _write(DEMO, {"arithmetic": arithmetic(), "accuracies": accuracies(folder / "demo")})


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
