"""Which runs of a sweep are trained together: those that differ in their seed only, where that is faster.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec

from mgu.config.datasets import ImagesConfig
from mgu.config.layouts import LayoutConfig
from mgu.config.run import RunConfig
from mgu.errors import UserError, how_to_install
from mgu.measure.estimate import Model

# Of one image's forward pass. benchmarks/seeds.py, eight seeds: 1.2x to 1.35x up to here, 1.0x to 1.2x beyond, where
# the arithmetic takes the time and not the calls.
MOST_FLOPS = 400_000


def group_seeds(configs: Iterable[RunConfig], may_join: Callable[[RunConfig], bool]) -> list[list[RunConfig]]:
    """The runs in their order, a group at the place of its first; at most `seeds_at_once` in each."""
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
    if any(len(group) > 1 for group in groups):
        check_greenlet()
    return groups


def check_greenlet() -> None:
    """Raises UserError where greenlet, by which mgu/multi_seed alternates between runs, is not installed."""
    if find_spec("greenlet") is None:
        raise UserError(
            "seeds_at_once must be 1 without the package greenlet, but got more, and it is not installed. "
            f"{how_to_install('together')} Or pass seeds_at_once=1."
        )


def why_alone(config: RunConfig, model: Model) -> str | None:
    """What this run is, if its seeds are trained one after the other whatever was asked for; None if they need not."""
    if config.mgu:
        return "units, which gain little from it"
    if not isinstance(config.dataset, ImagesConfig) or not isinstance(config.layout, LayoutConfig):
        return "models that are no convolutions of images, for which it is not made"
    if config.engine == "compiled":
        return "compiled models, for it would compute them uncompiled"
    if not model.device.startswith("cpu"):
        return f"runs on {model.device}, for it is made for the CPU"
    if model.flops is None or model.flops > MOST_FLOPS:
        return f"models of over {MOST_FLOPS:,} FLOPs an image, which gain little from it"
    return None


def describe_alone(configs: Sequence[RunConfig], models: dict[str, Model]) -> list[str]:
    """A line for each reason."""
    wanted = [config for config in configs if config.seeds_at_once > 1]
    reasons = [reason for config in wanted if (reason := why_alone(config, models[config.identity]))]
    return [f"trained one seed after the other: {reason}" for reason in dict.fromkeys(reasons)]
