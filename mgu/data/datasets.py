"""The kinds of data, by the name in conf/dataset/; imports no torch.

A new kind of data is one folder with one class (see mgu/data/dataset.py), its section in mgu/config/datasets.py, and
one line here. A new set of images by name is a loader in mgu/data/images/loaders.py and a YAML file in conf/dataset/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mgu.data.adding.dataset import AddingDataset
from mgu.data.cases.dataset import CaseDataset
from mgu.data.dataset import Dataset
from mgu.data.gates.dataset import GateDataset
from mgu.data.images.dataset import ImageDataset
from mgu.data.own_images.dataset import OwnImageDataset
from mgu.data.python.dataset import PythonDataset
from mgu.data.ratings.dataset import RatingDataset
from mgu.data.tables.dataset import TableDataset

if TYPE_CHECKING:
    from mgu.config.datasets import AnyDataset

# Whatever is not named here is a set of images by name.
KINDS: dict[str, type[Dataset]] = {
    "gates": GateDataset,
    "adding": AddingDataset,
    "adult": TableDataset,
    "table": TableDataset,
    "cases": CaseDataset,
    "images": OwnImageDataset,
    "movielens": RatingDataset,
    "ratings": RatingDataset,
    "python": PythonDataset,
}


# What `optimizer.lr=auto` is where it is not Nadam's, which the kind of data knows; docs/method/decisions.md has why.
ADAMW_TO_NADAM = 0.3
SGD_LR, PATH_SGD_LR = 0.01, 0.1


def find_kind(name: object) -> type[Dataset]:
    """Returns the kind of data behind a data set's name.

    Args:
        name: The value of `dataset.name`, also one that no schema has checked.

    Returns:
        The class; that of images for a name that has no kind of its own.
    """
    return KINDS.get(str(name), ImageDataset)


def open_dataset(config: AnyDataset) -> Dataset:
    """Returns the configured data set without reading it.

    Args:
        config: The data set's section of the run configuration.

    Returns:
        The data set; it is read when its splits are first asked for.
    """
    return find_kind(config.name)(config)


def fill_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of a run with the defaults of its kind of data in the place of "auto".

    A learning rate that suits images makes networks on standardised tables diverge. The short last batch of Keras stays
    for images that are known by name, whose results are compared with others'.

    Args:
        values: Values by key, nested as in the YAML files, which no schema has checked.

    Returns:
        The values without `optimizer.lr=auto` and `training.last_batch=auto`.
    """
    dataset = values.get("dataset")
    kind = find_kind(dataset.get("name") if isinstance(dataset, dict) else None)
    defaults: dict[str, dict[str, Any]] = {
        "optimizer": {"lr": _default_lr(kind, values.get("optimizer"))},
        "training": {"last_batch": kind.default_last_batch},
    }
    filled = dict(values)
    for group, by_data in defaults.items():
        if isinstance(section := values.get(group), dict):
            filled[group] = section | {key: default for key, default in by_data.items() if section.get(key) == "auto"}
    return filled


def _default_lr(kind: type[Dataset], optimizer: Any) -> float:
    """Returns the learning rate for a kind of data and an optimizer, whose values are not checked."""
    name = optimizer.get("name") if isinstance(optimizer, dict) else None
    if name in ("sgd", "momentum"):
        return SGD_LR
    if name == "path_sgd":  # whose updates are as long as gradients
        return PATH_SGD_LR
    is_like_adamw = name in ("adamw", "python")  # most optimizers that people write are of Adam's kind
    return float(f"{kind.default_lr * ADAMW_TO_NADAM:.6g}") if is_like_adamw else kind.default_lr
