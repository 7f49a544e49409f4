"""Benchmark of networks at inference: size and operations, and time and energy measured in turns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median, quantiles
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mgu.config.energy import EnergyConfig
from mgu.export.network import Infer
from mgu.measure.energy import build_meter
from mgu.models.convnet import count_keras
from mgu.prune.flops import CountFlops
from mgu.results.schema.parts import JOULES_PER_KWH, Record

REPEATS = {1: 401, 256: 41}  # by batch size; a call of a fraction of a millisecond is easily disturbed
ENERGY_S = 2.5  # seconds; codecarbon reads once a second


class Latency(Record, frozen=True):
    """Holds the wall-clock time of one batch: median and quartiles of repeats in turns with the other models."""

    median_ms: float
    lower_ms: float
    upper_ms: float


class InferenceCost(Record, frozen=True):
    """Holds what a network costs at inference.

    Attributes:
        params_keras: Number of weights as Keras counts them, with running statistics.
        flops: Floating-point operations of one example in matrix products and convolutions, counted as in result.json;
            None where modules of the user's cannot be watched.
        latency: Time of a batch by batch size.
        joules_per_1000: Energy of the GPU, else of the CPU, for 1,000 examples in batches of 256; None if not measured.
        energy_method: How the energy was measured.
    """

    params_keras: int
    flops: int | None
    latency: dict[int, Latency]
    joules_per_1000: float | None
    energy_method: str | None


class Subject(NamedTuple):
    """Holds a network to benchmark.

    Attributes:
        module: The module, which has the size and the operations.
        infer: The function whose time and energy are measured.
        example: What it takes (1, *), on the device where it takes it; batches repeat it.
    """

    module: nn.Module
    infer: Infer
    example: Tensor


def as_subject(module: nn.Module, example: Tensor) -> Subject:
    """Returns a subject that runs a module itself on an example (1, *) on its device."""
    return Subject(module, module, example)


def benchmark(models: Mapping[str, Subject], count_flops: CountFlops, energy: EnergyConfig) -> dict[str, InferenceCost]:
    """Measures networks in turns, so that other work on the machine affects all of them.

    Args:
        models: The networks by name.
        count_flops: Counts the operations of a module.
        energy: Settings of the energy measurement.

    Returns:
        The cost of each network by name.
    """
    latencies: dict[str, dict[int, Latency]] = {name: {} for name in models}
    with torch.inference_mode():
        for size, repeats in REPEATS.items():
            calls = {name: (each.infer, _repeat(each.example, size)) for name, each in models.items()}
            for name, latency in _in_turns(calls, repeats).items():
                latencies[name][size] = latency
        joules = {name: _joules(*call, energy) for name, call in calls.items()}
    return {
        name: InferenceCost(
            params_keras=count_keras(each.module),
            flops=count_flops(each.module),
            latency=latencies[name],
            joules_per_1000=joules[name][0],
            energy_method=joules[name][1],
        )
        for name, each in models.items()
    }


def _repeat(example: Tensor, size: int) -> Tensor:
    """Returns a batch of copies; of images in the memory format that training uses."""
    batch = example.expand(size, *example.shape[1:])
    return batch.contiguous(memory_format=torch.channels_last if batch.dim() == 4 else torch.contiguous_format)


def _in_turns(calls: Mapping[str, tuple[Infer, Tensor]], repeats: int) -> dict[str, Latency]:
    """Times of repeated calls, one of each network in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for infer, batch in calls.values():  # warm-up: the first calls set things up or compile
        infer(batch), infer(batch)
    for _ in range(repeats):
        for name, (infer, batch) in calls.items():
            started = time.perf_counter()
            infer(batch)
            if batch.is_cuda:
                torch.cuda.synchronize(batch.device)
            seconds[name].append(1e3 * (time.perf_counter() - started))
    return {name: _latency(times) for name, times in seconds.items()}


def _joules(infer: Infer, batch: Tensor, config: EnergyConfig) -> tuple[float | None, str | None]:
    if not config.enabled:
        return None, None
    examples, meter = 0, build_meter(config, batch.device)
    with meter:
        started = time.perf_counter()
        while time.perf_counter() - started < ENERGY_S:
            infer(batch)
            examples += len(batch)
        if batch.is_cuda:
            torch.cuda.synchronize(batch.device)
    if meter.energy is None:
        return None, None
    part = meter.energy.gpu if batch.is_cuda else meter.energy.cpu
    return part.kwh * JOULES_PER_KWH * 1000 / examples, part.method


def _latency(times: list[float]) -> Latency:
    lower, _, upper = quantiles(times)
    return Latency(median_ms=median(times), lower_ms=lower, upper_ms=upper)
