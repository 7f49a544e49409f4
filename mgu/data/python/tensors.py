"""From what a user's function returns to checked tensors: inputs and targets of each part of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from mgu.errors import UserError

PARTS = ("train", "val", "test")
FORMS = (
    "a dict of train, val and test (val and test may be left out), each a tuple of inputs and targets or a "
    "torch.utils.data.Dataset of such pairs"
)


class Part(NamedTuple):
    """Holds one part of the data.

    Attributes:
        inputs: (N, *).
        targets: (N,).
    """

    inputs: Tensor
    targets: Tensor


def read_parts(returned: Any, target: str) -> dict[str, Part]:
    """Reads what a function returned.

    Args:
        returned: One of FORMS, an `mgu.Splits`, a tuple of all three parts, or the training part alone.
        target: The import path of the function, for messages.

    Returns:
        The parts by name; training data are always among them.

    Raises:
        UserError: It is something else.
    """
    named = _name_parts(returned, target)
    parts = {name: _read_part(part, f"{name} of {target}") for name, part in named.items() if part is not None}
    if "train" not in parts:
        raise UserError(f"dataset.target must return training data, but {target} returns none. Return {FORMS}.")
    return parts


def _name_parts(returned: Any, target: str) -> Mapping[str, Any]:
    if isinstance(returned, Mapping):
        if unknown := [key for key in returned if key not in PARTS]:
            raise UserError(
                f"dataset.target must return a dict with the keys train, val and test, but {target} returns "
                f"{unknown[0]!r} among them. Rename or leave it out."
            )
        return returned
    if hasattr(returned, "train") and hasattr(returned, "val"):  # mgu.Splits, or any class like it
        return {name: getattr(returned, name, None) for name in PARTS}
    if _is_pair(returned) or _is_dataset(returned):
        return {"train": returned}
    if isinstance(returned, tuple) and len(returned) == 3:
        return dict(zip(PARTS, returned, strict=True))
    what = f"a tuple of {len(returned)}" if isinstance(returned, tuple) else type(returned).__name__
    raise UserError(f"dataset.target must return {FORMS}, but {target} returns {what}.")


def _read_part(part: Any, what: str) -> Part:
    """Returns inputs and targets of a part as tensors in main memory."""
    if hasattr(part, "batch") and hasattr(part, "subset"):  # an mgu.data.Data
        part = part.batch(slice(None))
    elif isinstance(part, TensorDataset) and type(part).__getitem__ is TensorDataset.__getitem__:
        part = part.tensors  # of one that gives what it holds; a class derived from it may transform each example
    elif _is_dataset(part):
        part = _stack(part, what)
    if not _is_pair(part):
        raise UserError(f"{what} must be a tuple of inputs and targets, but is {_describe(part)}. Return {FORMS}.")
    inputs, targets = _to_tensor(part[0], f"inputs in {what}"), _to_tensor(part[1], f"targets in {what}")
    if inputs.dim() == 0 or targets.dim() == 0 or len(inputs) != len(targets):
        raise UserError(
            f"{what} must have a target for each input, but has inputs of shape {tuple(inputs.shape)} and targets of "
            f"shape {tuple(targets.shape)}. The first axis is that of the examples."
        )
    return Part(inputs, targets)


def _stack(dataset: Any, what: str) -> tuple[Tensor, Tensor]:
    """Reads all examples of a torch data set into memory."""
    if len(dataset) == 0:
        raise UserError(f"{what} must have examples, but its data set is empty.")
    pairs = [dataset[index] for index in range(len(dataset))]
    if not _is_pair(pairs[0]):
        raise UserError(f"{what} must give pairs of input and target, but gives {_describe(pairs[0])}.")
    inputs = [_to_tensor(pair[0], f"inputs in {what}") for pair in pairs]
    if different := next((each.shape for each in inputs if each.shape != inputs[0].shape), None):
        raise UserError(
            f"inputs in {what} must have one shape, but have {tuple(inputs[0].shape)} and {tuple(different)}. "
            "Resize or crop them."
        )
    return torch.stack(inputs), torch.stack([_to_tensor(pair[1], f"targets in {what}") for pair in pairs])


def _to_tensor(value: Any, what: str) -> Tensor:
    """Returns an array of any kind as a tensor in main memory; raises UserError for what holds no numbers."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if hasattr(value, "getbands"):
        raise UserError(
            f"{what} must be tensors or arrays, but are PIL images. Give the data set "
            "transform=torchvision.transforms.PILToTensor()."
        )
    try:
        array = value.to_numpy() if hasattr(value, "to_numpy") else np.asarray(value)
    except (TypeError, ValueError) as error:
        raise UserError(f"{what} must be an array of numbers, but {error}.") from None
    if array.dtype.kind in "USO":
        hint = "Number them, as by np.unique(labels, return_inverse=True)[1]." if "targets" in what else "Encode them."
        raise UserError(f"{what} must be numbers, but are {array.dtype}. {hint}")
    if array.dtype.kind not in "buif":
        raise UserError(f"{what} must be real numbers, but are {array.dtype}. Convert them.")
    return torch.from_numpy(np.array(array))  # a copy: it may be read-only


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and not any(_is_part(each) for each in value)


def _is_part(value: Any) -> bool:
    return _is_dataset(value) or isinstance(value, tuple | dict)


def _is_dataset(value: Any) -> bool:
    is_array = isinstance(value, Tensor | np.ndarray | list | tuple | dict | str) or hasattr(value, "to_numpy")
    return hasattr(value, "__getitem__") and hasattr(value, "__len__") and not is_array


def _describe(value: Any) -> str:
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, tuple | list) else "")
