"""Estimates of time and energy, from finished runs like the given one or from a calibration. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from mgu.config.run import RunConfig
from mgu.measure.recipe import Recipe, recipe_of
from mgu.measure.sample import Sample, Treatment, axes_of
from mgu.results.schema.parts import JOULES_PER_KWH

# What a step takes beside its arithmetic, for the calls of its layers, as FLOPs of one example. On a CPU, epochs of the
# digits baselines take 0.06 s at 0.16 million FLOPs and 0.37 s at 3.8 million: six times as long, not 24 times.
CALL_FLOPS = 500_000


class ModelSize(NamedTuple):
    """Holds what decides how long a model takes.

    Attributes:
        device: Description of the device that trains.
        params_keras: Weights and running statistics; None for a model that cannot be built, whose run will say why.
        flops: Floating-point operations of one example's forward pass; None likewise.
    """

    device: str
    params_keras: int | None
    flops: int | None


class Estimate(NamedTuple):
    """Holds the expected cost of a run.

    Attributes:
        time_s: Seconds, from the beginning of the set-up; None where it is not known.
        energy_kwh: Of the part of the machine that trains, without the set-up; None where nothing is known.
        method: What the estimate is based on, in words; where the time is not known, the reason.
        is_rough: Whether nothing is known of this layout with this recipe, so that a calibration would tell more.
    """

    time_s: float | None
    energy_kwh: float | None
    method: str
    is_rough: bool = False


NO_SAMPLE = Estimate(None, None, "not known: no comparable finished run on this device", is_rough=True)
NO_MODEL = Estimate(None, None, "not known: the model cannot be built, and its run will say why")


def estimate(config: RunConfig, model: ModelSize, samples: Iterable[Sample], epochs_done: int = 0) -> Estimate:
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
    likest = _Likest.of(config)
    compared = [(likest.compare(sample), sample) for sample in here if (sample.flops > 0) == (flops > 0)]
    compared = [(unlike, sample) for unlike, sample in compared if flops or not unlike.axes]
    if not compared:
        return NO_SAMPLE
    least = min(unlike for unlike, _ in compared)
    chosen = [sample for unlike, sample in compared if unlike == least]
    nearest = min(chosen, key=lambda sample: abs(math.log(_scale(sample, flops))))
    alike = [sample for sample in chosen if sample.layout == nearest.layout]
    from_alike = _estimate(config, flops, alike, likest.describe(least), epochs_done)
    return from_alike._replace(is_rough=least.layout or least.recipe)


class _Differences(NamedTuple):
    """Holds in what a sample differs from a run, what matters most first: small batches can cost more than a unit."""

    layout: bool
    recipe: bool
    axes: bool
    kind: bool


class _Likest(NamedTuple):
    """Holds what the likest sample would have."""

    is_unit: bool
    layout: str
    axes: Treatment
    recipe: Recipe

    @classmethod
    def of(cls, config: RunConfig) -> _Likest:
        recipe = recipe_of(config.model_dump(mode="json"))
        return cls(config.mgu is not None, config.layout.as_list, axes_of(config), recipe)

    def compare(self, sample: Sample) -> _Differences:
        """Returns the differences; layouts of units and of baselines are different ones."""
        is_kind, is_recipe = sample.is_unit == self.is_unit, sample.recipe == self.recipe
        is_layout = is_kind and sample.layout == self.layout
        return _Differences(not is_layout, not is_recipe, not is_layout or sample.axes != self.axes, not is_kind)

    def describe(self, differs: _Differences) -> str:
        recipe = ", with another recipe (rough)" if differs.recipe else ""
        return f"{self._describe_models(differs)}{recipe}"

    def _describe_models(self, differs: _Differences) -> str:
        if differs.kind:
            return "of other models"
        if differs.layout:
            return "of units" if self.is_unit else "of baselines"
        return "of this layout" if differs.axes else "of this model"


def _scale(sample: Sample, flops: int) -> float:
    """Returns by how much longer an epoch of a model takes than the sample's, going by FLOPs; both may have none."""
    return 1.0 if sample.flops == flops else (flops + CALL_FLOPS) / (sample.flops + CALL_FLOPS)


def _estimate(config: RunConfig, flops: int, samples: Sequence[Sample], likeness: str, epochs_done: int) -> Estimate:
    """Estimates from samples of one layout by medians; epochs are those that such runs took, or the limit."""
    limit = config.training.epochs_now
    ran = [min(s.epochs, limit) for s in samples if s.epochs and (s.stopped_early or s.epochs >= limit)]
    epochs = median(ran) if ran else limit
    if epochs <= epochs_done:  # it goes on longer than the others did
        epochs = max(epochs_done, min(limit, epochs_done + config.training.patience))
    epoch_s = median(sample.epoch_s * _scale(sample, flops) for sample in samples)
    measured_s = epoch_s * (epochs - epochs_done) + median(sample.overhead_s for sample in samples)
    time_s = measured_s + median(sample.setup_s for sample in samples)
    power_method = samples[-1].power_method
    powers = [s.power_w for s in samples if s.power_w is not None and s.power_method == power_method]
    is_scaled = any(sample.flops != flops for sample in samples)
    sources = sorted({f"{sample.source}s" if len(samples) > 1 else sample.source for sample in samples})
    method = f"{len(samples)} {' and '.join(sources)} {likeness}"
    method += ", scaled by FLOPs (rough)" if is_scaled else ""
    method += f", {power_method}" if powers else ""
    method += "" if ran else ", at most: early stopping not foreseen"
    return Estimate(time_s, median(powers) * measured_s / JOULES_PER_KWH if powers else None, method)
