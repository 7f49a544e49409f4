"""Groups the runs of a sweep that are trained together: those that differ in their seed only, if that is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec

from mgu.config.datasets import AnyImages
from mgu.config.layouts import LayoutConfig
from mgu.config.optimizers import PathSGDConfig, PythonOptimizerConfig
from mgu.config.run import RunConfig
from mgu.config.schedules import PythonScheduleConfig
from mgu.errors import UserError, how_to_install
from mgu.measure.estimate import ModelSize

# FLOPs of one image's forward pass. benchmarks/seeds.py, eight seeds: 1.2x to 1.35x up to here, 1.0x to 1.2x beyond,
# where the arithmetic takes the time and not the calls.
MAX_FLOPS = 400_000


def group_seeds(configs: Iterable[RunConfig], may_join: Callable[[RunConfig], bool]) -> list[list[RunConfig]]:
    """Groups runs that differ in their seed only.

    Args:
        configs: Configurations of the runs.
        may_join: Says whether a run may be trained together with others.

    Returns:
        The runs in their order, each group in the place of its first run; a group has at most `seeds_at_once` runs.

    Raises:
        UserError: Runs are to be trained together, and greenlet is not installed.
    """
    groups: list[list[RunConfig]] = []
    open_groups: dict[str, list[RunConfig]] = {}
    for config in configs:
        if not may_join(config):
            groups.append([config])
            continue
        kind = config.model_dump_json(exclude={"seed"})
        group = open_groups.get(kind)
        if group is None or len(group) == config.seeds_at_once or config in group:
            group = open_groups[kind] = []
            groups.append(group)
        group.append(config)
    for group in groups:
        if len(group) > 1 and find_spec("greenlet") is None:  # by which mgu/multi_seed alternates between runs
            raise UserError(
                "seeds_at_once must be 1 where the package greenlet is not installed, but got "
                f"{group[0].seeds_at_once}. {how_to_install('together')}"
            )
    return groups


def lockstep_obstacle(config: RunConfig, model: ModelSize) -> str | None:  # noqa: PLR0911 - one for each reason
    """Finds the reason why the seeds of a run cannot be trained together, whatever the user asked for.

    Args:
        config: Configuration of the run.
        model: Size and device of its model.

    Returns:
        The reason, as a noun phrase that says what kind of run it is; None if nothing is in the way.
    """
    if config.mgu:
        return "units, which gain little from it"
    if not isinstance(config.dataset, AnyImages) or not isinstance(config.layout, LayoutConfig) or config.layout.layer:
        return "models that are no convolutions of images, for which it is not made"
    if isinstance(config.optimizer, PythonOptimizerConfig):
        return f"runs with {config.optimizer.target}, whose steps are the user's own"
    if isinstance(config.schedule, PythonScheduleConfig):
        return f"runs with {config.schedule.target}, which may draw from generators that they would share"
    if isinstance(config.optimizer, PathSGDConfig):
        return "runs with optimizer=path_sgd, whose steps look into the model"
    if config.engine == "compiled":
        return "compiled models, for it would compute them uncompiled"
    if config.training.clip_norm:
        return "runs with training.clip_norm, for their gradients are known too late"
    if config.training.precision != "float32":
        return f"runs with training.precision={config.training.precision}, whose joint passes would be in float32"
    if not model.device.startswith("cpu"):
        return f"runs on {model.device}, for it is made for the CPU"
    if model.flops is None or model.flops > MAX_FLOPS:
        return f"models of over {MAX_FLOPS:,} FLOPs an image, which gain little from it"
    return None


def describe_obstacles(configs: Sequence[RunConfig], models: dict[str, ModelSize]) -> list[str]:
    """Describes why seeds are trained one after the other although the user asked for more at once.

    Args:
        configs: Configurations of the runs.
        models: Size and device of their models, by the identity of the run.

    Returns:
        One line for each reason.
    """
    wanted = [config for config in configs if config.seeds_at_once > 1]
    reasons = [reason for config in wanted if (reason := lockstep_obstacle(config, models[config.identity]))]
    return [f"trained one seed after the other: {reason}" for reason in dict.fromkeys(reasons)]
