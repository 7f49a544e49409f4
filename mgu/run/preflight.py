"""Look at what a sweep is about to do, in a process that has torch: is all there, how large are the models?

Once for the whole sweep and before its first run, for parallel runs would download into one another.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mgu.config.run import RunConfig
from mgu.factory.device import describe_device, find_device
from mgu.factory.model import build_model, build_splits, check_engine, count_flops
from mgu.isolation import Send
from mgu.measure.energy import check_country
from mgu.measure.estimate import Model
from mgu.models.convnet import count_keras
from mgu.results.events import Note


def check_all(send: Send, configs: Sequence[RunConfig]) -> None:
    """See that devices, countries and data sets are there, downloading what can be. Raises UserError."""
    for config in configs:
        find_device(config)
        check_engine(config)
        check_country(config.energy.country)
    for config in {config.dataset.model_dump_json(): config for config in configs}.values():
        for note in build_splits(config).notes:
            send(Note(note))


def look_at_models(send: Send, configs: Sequence[RunConfig]) -> dict[str, Model]:
    """By the identity of the run; nothing is allocated."""
    sizes: dict[str, tuple[int, int] | tuple[None, None]] = {}
    models = {}
    for config in configs:
        shape = config.model_dump_json(include={"layout", "norm", "residual", "mgu", "dataset"})
        if shape not in sizes:  # seeds share it
            try:
                with torch.device("meta"):
                    sizes[shape] = count_keras(build_model(config)), count_flops(config)
            except RuntimeError:  # such as more filters than torch can count: a failure of that run, not of the sweep
                sizes[shape] = None, None
        models[config.identity] = Model(describe_device(config), *sizes[shape])
    return models
