"""What the server (mgu/isolation/) imports for runs before they are forked from it: what they need, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mgu.config.run import RunConfig
from mgu.isolation import PRELOAD_ENERGY, PRELOAD_RUN, start_server

TORCHVISION = ("torchvision.datasets",)
TABLES = ("pandas", "sklearn.compose", "sklearn.impute")
BY_DATASET = {
    **dict.fromkeys(("mnist", "fashion_mnist", "cifar10"), TORCHVISION),
    **dict.fromkeys(("adult", "table"), TABLES),
    **dict.fromkeys(("movielens", "ratings"), ("pandas",)),
}


def preload_for(configs: Sequence[RunConfig]) -> None:
    """Has the server import what runs need, while this process does something else.

    Args:
        configs: The runs.
    """
    energy = [PRELOAD_ENERGY] if any(config.energy.enabled for config in configs) else []
    start_server(*energy, PRELOAD_RUN, *(name for config in configs for name in _libraries(config)))


def _libraries(config: RunConfig) -> Iterator[str]:
    """Yields libraries that a run of this configuration imports, and others do not; each takes a second or more."""
    if config.optimizer.name != "nadam" or config.optimizer.weight_decay or config.engine not in ("auto", "native"):
        yield "torch._dynamo"  # torch's own optimizers import it in their first step
    yield from BY_DATASET.get(config.dataset.name, ())
    if config.augment:
        yield "torchvision.transforms.v2.functional"
