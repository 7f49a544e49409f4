"""Runs as the command line and the sweeper start them: what is looked at before, and what is said after."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.build import build_splits, describe_device, find_device
from mgu.config import RunConfig
from mgu.energy import check_country
from mgu.errors import RunsFailed
from mgu.evidence import run_folder
from mgu.results import Result, describe_method, make_folder
from mgu.run import run


def prepare(configs: Sequence[RunConfig]) -> None:
    """Before a sweep: see that the device, runs/ and every data set are there, downloading what can be.

    Once here and not in every job, for parallel jobs would download into one another. Raises UserError.
    """
    for config in configs:
        find_device(config)
        make_folder(run_folder(config).parent)
        check_country(config.energy.country)
    for config in {config.dataset.model_dump_json(): config for config in configs}.values():
        build_splits(config)
    num_units = sum(config.mgu is not None for config in configs)
    kinds = f"{_count(len(configs) - num_units, 'baseline')} and {_count(num_units, 'unit')}"
    device = describe_device(find_device(configs[0]))
    print(f"{_count(len(configs), 'run')}: {kinds}, on {device}, in {run_folder(configs[0]).parent}", flush=True)


def run_and_tell(config: RunConfig, number: int | None) -> None:
    """Run, and print where it went and what came out; in a sweep (`number` is the job's) one line for both.

    Raises RunsFailed where training stopped on an exception, UserError as `run` does.
    """
    folder = run_folder(config)
    if number is None:
        print(f"{config.name} on {describe_device(find_device(config))}; files in {folder}", flush=True)
    result, was_there = run(config, quiet=number is not None)
    note = " (was there; force=true trains it again)" if was_there else ""
    print((f"{number:3d}  " if number is not None else "") + summarise(result) + note, flush=True)
    if result.status == "failed":
        raise RunsFailed(f"{result.name}: {result.error} See {folder / 'log.txt'}.")


def summarise(result: Result) -> str:
    """One line: status, accuracy, epochs, time and energy with its method."""
    parts = [f"{result.name:32}", f"{result.status:8}"]
    parts.append(f"val {result.val.accuracy:7.2%}" if result.val else "val       -")
    parts.append(f"{result.epochs:3d} epochs")
    if result.seconds:
        parts.append(f"{result.seconds.to_solution:7.1f} s")
    if result.energy:
        parts.append(f"CPU {result.energy.cpu.kwh * 1000:.4f} Wh ({describe_method(result.energy.cpu.method)})")
        if result.energy.gpu.method != "none":
            parts.append(f"GPU {result.energy.gpu.kwh * 1000:.4f} Wh ({describe_method(result.energy.gpu.method)})")
    return "  ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)
