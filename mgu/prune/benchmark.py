"""What a network costs: its size, its operations, and measured here side by side with others, its time and energy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mgu.config.run import EnergyConfig
from mgu.measure.energy import build_meter
from mgu.models.convnet import count_keras
from mgu.results.result import JOULES_PER_KWH, Record

Infer = Callable[[Tensor], Any]  # images (B, C, H, W) to logits (B, K)

REPEATS = {1: 401, 256: 41}  # by the size of the batch: what takes a fraction of a millisecond is disturbed by anything
ENERGY_S = 2.5  # codecarbon reads once a second


class Latency(Record, frozen=True):
    """Wall-clock milliseconds of one batch: median and quartiles of repeats taken in turns with the other models."""

    median_ms: float
    lower_ms: float
    upper_ms: float


class Cost(Record, frozen=True):
    """params_keras: with running statistics; flops of one image: matrix products and convolutions.

    joules_per_1000: of the CPU, or the GPU, over 1,000 images in batches of 256; None where energy is not measured.
    """

    params_keras: int
    flops: int
    latency: dict[int, Latency]
    joules_per_1000: float | None
    energy_method: str | None


class Subject(NamedTuple):
    """The module says the size; `infer`, on images of `device`, is what takes time and energy."""

    module: nn.Module
    infer: Infer
    device: torch.device


def by_itself(module: nn.Module, device: torch.device) -> Subject:
    """A module that lies on `device` and infers as it is."""
    return Subject(module, module, device)


def measure(models: Mapping[str, Subject], image: Tensor, energy: EnergyConfig) -> dict[str, Cost]:
    """The cost of each model by name.

    image: one of the data set's (1, C, H, W), of which the batches are made; it lies where the modules do.
    """
    latencies: dict[str, dict[int, Latency]] = {name: {} for name in models}
    with torch.inference_mode():
        for size, repeats in REPEATS.items():
            batch = image.expand(size, -1, -1, -1).contiguous(memory_format=torch.channels_last)
            calls = {name: (each.infer, batch.to(each.device)) for name, each in models.items()}
            for name, latency in _in_turns(calls, repeats).items():
                latencies[name][size] = latency
        joules = {name: _joules(*call, energy) for name, call in calls.items()}
    return {
        name: Cost(
            params_keras=count_keras(each.module),
            flops=flops_of(each.module, image),
            latency=latencies[name],
            joules_per_1000=joules[name][0],
            energy_method=joules[name][1],
        )
        for name, each in models.items()
    }


def flops_of(module: nn.Module, image: Tensor) -> int:
    """Floating-point operations of one image's forward pass."""
    with FlopCounterMode(display=False) as counter:  # whose hooks need gradients where a module gives a parameter
        module(image)
    return int(counter.get_total_flops())


def _in_turns(calls: Mapping[str, tuple[Infer, Tensor]], repeats: int) -> dict[str, Latency]:
    """One call of each, and again, so that what else the machine does meets all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for infer, batch in calls.values():  # what is set up or compiled at the first calls
        infer(batch), infer(batch)
    for _ in range(repeats):
        for name, (infer, batch) in calls.items():
            started = time.perf_counter()
            infer(batch)
            if batch.is_cuda:
                torch.cuda.synchronize(batch.device)
            seconds[name].append(1e3 * (time.perf_counter() - started))
    return {name: _summed_up(times) for name, times in seconds.items()}


def _joules(infer: Infer, batch: Tensor, config: EnergyConfig) -> tuple[float | None, str | None]:
    if not config.enabled:
        return None, None
    images, meter = 0, build_meter(config, batch.device)
    with meter:
        started = time.perf_counter()
        while time.perf_counter() - started < ENERGY_S:
            infer(batch)
            images += len(batch)
        if batch.is_cuda:
            torch.cuda.synchronize(batch.device)
    if meter.energy is None:
        return None, None
    part = meter.energy.gpu if batch.is_cuda else meter.energy.cpu
    return part.kwh * JOULES_PER_KWH * 1000 / images, part.method


def _summed_up(times: list[float]) -> Latency:
    lower, _, upper = quantiles(times)
    return Latency(median_ms=median(times), lower_ms=lower, upper_ms=upper)
