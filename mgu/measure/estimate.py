"""Estimates of time and energy, from finished runs like the given one or from a calibration. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

from mgu.config.run import RunConfig
from mgu.config.unit import UnitConfig
from mgu.results.result import JOULES_PER_KWH, Energy, Result

# What a step takes beside its arithmetic, for the calls of its layers, as FLOPs of one example. On a CPU, epochs of the
# digits baselines take 0.06 s at 0.16 million FLOPs and 0.37 s at 3.8 million: six times as long, not 24 times.
CALL_FLOPS = 500_000

Axes = tuple[str | None, bool | None, str | None]  # norm, residual, unit


class Model(NamedTuple):
    """Holds what decides how long a model takes.

    Attributes:
        device: Description of the device that trains.
        params_keras: Weights and running statistics; None for a model that cannot be built, whose run will say why.
        flops: Floating-point operations of one example's forward pass; None likewise.
    """

    device: str
    params_keras: int | None
    flops: int | None


class Sample(NamedTuple):
    """Holds how long an epoch of one model took, and at what power.

    Attributes:
        dataset: Label of the data set.
        device: Description of the device.
        is_unit: Whether the model has units.
        layout: In the paper's notation.
        axes: Norm, residual and unit.
        flops: Floating-point operations of one example's forward pass.
        epoch_s: Seconds of one epoch, with its evaluation and checkpoint.
        overhead_s: Seconds outside of epochs.
        epochs: Epochs that were trained; None where training was not run to its end.
        stopped_early: Whether patience ended training, not the limit of epochs.
        power_w: Mean watts of the part of the machine that trains; None where unknown.
        power_method: Which part that is, and how its energy was measured.
        source: Where the sample comes from, in words.
    """

    dataset: str
    device: str
    is_unit: bool
    layout: str
    axes: Axes
    flops: int
    epoch_s: float
    overhead_s: float
    epochs: int | None
    stopped_early: bool
    power_w: float | None
    power_method: str | None
    source: str


class Estimate(NamedTuple):
    """Holds the expected cost of a run.

    Attributes:
        time_s: Seconds; None where it is not known.
        energy_kwh: Of the part of the machine that trains; None where nothing is known.
        method: What the estimate is based on, in words; where the time is not known, the reason.
        is_rough: Whether nothing is known of this layout, so that a calibration would tell more.
    """

    time_s: float | None
    energy_kwh: float | None
    method: str
    is_rough: bool = False


NO_SAMPLE = Estimate(None, None, "not known: no comparable finished run on this device", is_rough=True)
NO_MODEL = Estimate(None, None, "not known: the model cannot be built, and its run will say why")


def sample_of(result: Result) -> Sample | None:
    """Turns a finished run into a sample.

    Args:
        result: Of the run.

    Returns:
        The sample; None for a run whose time is unknown, or was disturbed by other runs or an interruption.
    """
    seconds, energy = result.seconds, result.energy
    if result.status != "ok" or not (seconds and result.epochs and result.device):
        return None
    if result.flops_per_sample is None or result.contended or result.resumed:
        return None
    power_w, power_method = power_of(energy, result.device.startswith("cuda"))
    return Sample(
        dataset=result.dataset,
        device=result.device,
        is_unit=result.model != "baseline",
        layout=result.layout,
        axes=(result.norm, result.residual, _unit_of(result)),
        flops=result.flops_per_sample,
        epoch_s=(seconds.train + seconds.checkpoint) / result.epochs,
        overhead_s=seconds.setup + seconds.build + seconds.evaluate + seconds.explain,
        epochs=result.epochs,
        stopped_early=result.epochs < result.config["training"]["epochs"],
        power_w=power_w,
        power_method=power_method,
        source="finished run",
    )


def _unit_of(result: Result) -> str | None:
    """Returns the name of its unit; the wiring where an older version described units differently."""
    unit: Any = result.config.get("mgu")
    try:
        return UnitConfig.model_validate(unit).name if unit else None
    except ValueError:
        return str(unit.get("wiring"))


def axes_of(config: RunConfig) -> Axes:
    """Returns norm, residual choice and unit."""
    unit = config.mgu.name if config.mgu else None
    return (config.norm.name if config.norm else None, config.residual, unit)


def power_of(energy: Energy | None, on_gpu: bool) -> tuple[float | None, str | None]:
    """Returns the mean watts of the part of the machine that trains, and its name with the method, as far as known."""
    component = energy and (energy.gpu if on_gpu else energy.cpu)
    if not energy or not component or component.method == "none" or not energy.tracked_s:
        return None, None
    return component.kwh * JOULES_PER_KWH / energy.tracked_s, f"{'GPU' if on_gpu else 'CPU'} {component.method}"


def estimate(config: RunConfig, model: Model, samples: Iterable[Sample], epochs_done: int = 0) -> Estimate:
    """Estimates from the samples most like this run, scaled by FLOPs where they are of another model.

    A model of 0 FLOPs, such as a factorisation, is estimated from samples of the same model only.

    Args:
        config: The run.
        model: Its device and sizes.
        samples: Of finished runs or calibrations, on any data and device.
        epochs_done: Epochs that need not be trained any more.

    Returns:
        The time and energy that the run still takes; NO_MODEL or NO_SAMPLE where they are not known.
    """
    if (flops := model.flops) is None:
        return NO_MODEL
    here = [s for s in samples if s.dataset == config.dataset.label and s.device == model.device]
    candidates = [s for s in here if (s.flops > 0) == (flops > 0)]
    is_unit, layout, axes = config.mgu is not None, config.layout.as_list, axes_of(config)
    tiers = [
        ("of this model", [s for s in candidates if s.layout == layout and s.axes == axes]),
        ("of this layout", [s for s in candidates if s.layout == layout and s.is_unit == is_unit]),
        ("of units" if is_unit else "of baselines", [s for s in candidates if s.is_unit == is_unit]),
        ("of other models", candidates),
    ]
    for likeness, chosen in tiers if flops else tiers[:1]:
        if chosen:
            nearest = min(chosen, key=lambda sample: abs(math.log(_scale(sample, flops))))
            alike = [s for s in chosen if s.layout == nearest.layout]
            found = _estimate(config, flops, alike, likeness, epochs_done)
            return found._replace(is_rough=chosen not in (tiers[0][1], tiers[1][1]))
    return NO_SAMPLE


def _scale(sample: Sample, flops: int) -> float:
    """Returns by how much longer an epoch of a model takes than the sample's, going by FLOPs; both may have none."""
    return 1.0 if sample.flops == flops else (flops + CALL_FLOPS) / (sample.flops + CALL_FLOPS)


def _estimate(config: RunConfig, flops: int, samples: Sequence[Sample], likeness: str, epochs_done: int) -> Estimate:
    """Estimates from samples of one layout by medians; epochs are those that such runs took, or the limit."""
    limit = config.training.epochs
    ran = [min(s.epochs, limit) for s in samples if s.epochs and (s.stopped_early or s.epochs >= limit)]
    epochs = median(ran) if ran else limit
    if epochs <= epochs_done:  # it goes on longer than the others did
        epochs = min(limit, epochs_done + config.training.patience)
    epoch_s = median(sample.epoch_s * _scale(sample, flops) for sample in samples)
    time_s = epoch_s * (epochs - epochs_done) + median(sample.overhead_s for sample in samples)
    power_method = samples[-1].power_method
    powers = [s.power_w for s in samples if s.power_w is not None and s.power_method == power_method]
    is_scaled = any(sample.flops != flops for sample in samples)
    sources = sorted({sample.source + "s" * (len(samples) > 1) for sample in samples})
    method = f"{len(samples)} {' and '.join(sources)} {likeness}" + ", scaled by FLOPs (rough)" * is_scaled
    method += f", {power_method}" if powers else ""
    method += ", at most: early stopping not foreseen" * (not ran)
    return Estimate(time_s, median(powers) * time_s / JOULES_PER_KWH if powers else None, method)
