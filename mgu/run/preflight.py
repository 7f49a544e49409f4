"""Preflight of a sweep, in a process that has torch: are devices and data sets available, how large are the models?

It runs once, before the first run of a sweep, for parallel runs would download the same files at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mgu.config.run import RunConfig
from mgu.data.dataset import Dataset
from mgu.data.datasets import open_dataset
from mgu.data.images.dataset import ImageDataset
from mgu.data.images.published import count_published
from mgu.errors import UserError
from mgu.factory.advice import advise
from mgu.factory.engine import check_engine
from mgu.factory.model import build_model, count_flops
from mgu.factory.own_code import check_own_code
from mgu.factory.pretrained import check_pretrained
from mgu.factory.resolved_run import ResolvedRun, resolve
from mgu.isolation import Send
from mgu.measure.estimate import ModelSize
from mgu.models.convnet import count_keras
from mgu.random_numbers.generators import keeping_states
from mgu.results.events import Note


def check_environment(send: Send, configs: Sequence[RunConfig], is_thorough: bool = True) -> None:
    """Checks that devices, countries, energy meters and data sets are there; downloads the data sets that can be.

    Args:
        send: Takes the notes on the data.
        configs: The runs of a sweep.
        is_thorough: Whether energy sensors are searched, and published data read whose files are all there: damage in
            them shows only then.

    Raises:
        UserError: Something is missing, or a run cannot be computed as configured.
    """
    resolved_runs = _resolve_all(configs)
    for resolved in resolved_runs:
        check_engine(resolved)
    if is_thorough:
        _check_energy(resolved_runs)
    by_data: dict[str, list[RunConfig]] = {}
    for config in configs:
        by_data.setdefault(config.dataset.model_dump_json(), []).append(config)
    said: set[str] = set()
    for sharing in by_data.values():
        dataset = open_dataset(sharing[0].dataset)
        num_training, notes = _look_at(dataset, is_thorough)  # one after the other: memory holds one at a time
        differing = {config.model_dump_json(include={"layout", "optimizer", "schedule"}): config for config in sharing}
        for config in differing.values():
            check_own_code(resolve(config, dataset))
        pretrained = [note for config in sharing for note in check_pretrained(resolve(config, dataset))]
        advice = (note for config in sharing for note in advise(config, num_training))
        for note in (*pretrained, *notes, *advice):
            if note not in said:  # folds of the same data have most notes in common
                said.add(note)
                send(Note(note))


def _check_energy(resolved_runs: Sequence[ResolvedRun]) -> None:
    """Raises UserError where a country is unknown, or energy is to be measured and cannot be."""
    from mgu.measure.energy import build_meter, check_place  # codecarbon needs pandas

    for resolved in resolved_runs:
        check_place(resolved.config.energy)
    for resolved in {run.device_name: run for run in resolved_runs if run.config.energy.enabled}.values():
        build_meter(resolved.config.energy, resolved.device)


def _look_at(dataset: Dataset, is_thorough: bool) -> tuple[int, Sequence[str]]:
    """Returns the number of training examples, and notes on the data."""
    if not is_thorough and isinstance(dataset, ImageDataset) and (count := count_published(dataset.config)):
        return count, ()
    return len(dataset.splits.train), dataset.splits.notes


def size_models(send: Send, configs: Sequence[RunConfig], threads: int | None = None) -> dict[str, ModelSize]:
    """Sizes the models of a sweep without allocating them.

    Args:
        send: Not used.
        configs: The runs of a sweep.
        threads: CPU threads of runs that are configured to have no number of their own; None: torch's own number.

    Returns:
        Device, parameters and FLOPs by the identity of the run.
    """
    params: dict[str, int | None] = {}
    flops: dict[str, int | None] = {}
    models = {}
    if threads:
        torch.set_num_threads(threads)  # which is part of the name of the device
    for resolved in _resolve_all(configs):
        config = resolved.config
        shape = config.model_dump_json(include={"layout", "residual", "mgu", "dataset"})
        with_norm = f"{shape} {config.norm and config.norm.name}"
        try:
            if with_norm not in params:  # seeds share it
                params[with_norm] = _count_params(resolved)
            if shape not in flops:  # norms have no products
                flops[shape] = count_flops(resolved)
        except RuntimeError:  # such as more filters than torch can count: that run's failure
            params[with_norm] = flops[shape] = None
        models[config.identity] = ModelSize(resolved.device_name, params[with_norm], flops[shape])
    return models


def _count_params(resolved: ResolvedRun) -> int:
    """Counts parameters on `meta`, or of a model with modules of the user's that need values, on the CPU."""
    try:
        with torch.device("meta"):
            return count_keras(build_model(resolved))
    except UserError:
        with keeping_states():
            return count_keras(build_model(resolved))


def _resolve_all(configs: Sequence[RunConfig]) -> list[ResolvedRun]:
    """Resolves each configuration; those of one data set share it, so that it is read once."""
    datasets: dict[str, Dataset] = {}
    resolved_runs = []
    for config in configs:
        key = config.dataset.model_dump_json()
        resolved_runs.append(resolve(config, datasets.setdefault(key, open_dataset(config.dataset))))
    return resolved_runs
