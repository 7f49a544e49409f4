"""What is known of how long a model takes, from a finished run or a calibration. Imports no torch."""

from __future__ import annotations

from typing import Any, NamedTuple

from mgu.config.run import RunConfig
from mgu.config.unit import UnitConfig
from mgu.measure.recipe import Recipe, recipe_of
from mgu.results.schema.energy import Energy
from mgu.results.schema.parts import JOULES_PER_KWH
from mgu.results.schema.result import Result

Treatment = tuple[str | None, bool | None, str | None]  # norm, residual, unit


class Sample(NamedTuple):
    """Holds how long an epoch of one model took, and at what power.

    Attributes:
        dataset: Label of the data set.
        device: Description of the device.
        is_unit: Whether the model has units.
        layout: In the paper's notation.
        axes: Norm, residual and unit.
        recipe: What else decides how long an epoch takes, see mgu/measure/recipe.py.
        flops: Floating-point operations of one example's forward pass.
        epoch_s: Seconds of one epoch, with its evaluation and checkpoint.
        setup_s: Seconds of the set-up, whose energy is in no figure of a run.
        overhead_s: Other seconds outside of epochs.
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
    axes: Treatment
    recipe: Recipe
    flops: int
    epoch_s: float
    setup_s: float
    overhead_s: float
    epochs: int | None
    stopped_early: bool
    power_w: float | None
    power_method: str | None
    source: str


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
        recipe=recipe_of(result.config),
        flops=result.flops_per_sample,
        epoch_s=(seconds.train + seconds.checkpoint) / result.epochs,
        setup_s=seconds.setup,
        overhead_s=seconds.build + seconds.evaluate + seconds.explain,
        epochs=result.epochs,
        stopped_early=not result.is_stopped and result.epochs < result.config["training"]["epochs"],
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


def axes_of(config: RunConfig) -> Treatment:
    """Returns norm, residual choice and unit of a run.

    Args:
        config: The configuration of the run.

    Returns:
        The three, each None where the configuration has none.
    """
    unit = config.mgu.name if config.mgu else None
    return (config.norm.name if config.norm else None, config.residual, unit)


def power_of(energy: Energy | None, on_gpu: bool) -> tuple[float | None, str | None]:
    """Returns the mean power of the part of the machine that trains, as far as it is known.

    Args:
        energy: Energy of a run over its time to solution; None if it was not measured.
        on_gpu: Whether the GPU trained, not the CPU.

    Returns:
        Watts, and the name of the part with the method; both None where no energy of it is known, as of a run that is
        too short for a reading.
    """
    component = energy and (energy.gpu if on_gpu else energy.cpu)
    if not energy or not component or component.method == "none" or not energy.tracked_s or not component.kwh:
        return None, None
    return component.kwh * JOULES_PER_KWH / energy.tracked_s, f"{'GPU' if on_gpu else 'CPU'} {component.method}"
