"""From what a user's function returns to checked tensors: inputs and targets of each part of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from mgu.data.as_numbers import as_numbers, is_sparse
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
    """Returns what a function returned by the names of its parts; raises UserError for any other form."""
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
    raise UserError(
        f"dataset.target must return {FORMS}, but {target} returns {_describe(returned)}.{_advise(returned)}"
    )


def _read_part(part: Any, what: str) -> Part:
    """Returns inputs and targets of a part as tensors in main memory."""
    if hasattr(part, "batch") and hasattr(part, "subset"):  # an mgu.data.Data
        part = part.batch(slice(None))
    elif isinstance(part, TensorDataset) and type(part).__getitem__ is TensorDataset.__getitem__:
        part = part.tensors  # of one that gives what it holds; a class derived from it may transform each example
    elif _is_dataset(part):
        part = _stack(part, what)
    if not _is_pair(part):
        advice = _advise(part) or f" Return {FORMS}."
        raise UserError(f"{what} must be a tuple of inputs and targets, but is {_describe(part)}.{advice}")
    if lacking := [name for name, value in zip(("inputs", "targets"), part, strict=True) if value is None]:
        raise UserError(
            f"{what} must have inputs and targets, but its {' and '.join(lacking)} are None. Return them, or None for "
            "the whole part where it is not train."
        )
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
        if value.layout != torch.strided:
            raise UserError(f"{what} must be a dense tensor, but are {value.layout}. Return .to_dense().")
        return value.detach().cpu()
    if hasattr(value, "getbands"):
        raise UserError(
            f"{what} must be tensors or arrays, but are PIL images. Give the data set "
            "transform=torchvision.transforms.PILToTensor()."
        )
    for_words = "Number them, as by np.unique(labels, return_inverse=True)[1]." if "targets" in what else "Encode them."
    return torch.from_numpy(np.array(as_numbers(value, what, for_words)))  # a copy: it may be read-only


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and not any(_is_part(each) for each in value)


def _is_part(value: Any) -> bool:
    return _is_dataset(value) or isinstance(value, tuple | dict)


def _is_dataset(value: Any) -> bool:
    is_array = isinstance(value, Tensor | np.ndarray | list | tuple | dict | str) or hasattr(value, "to_numpy")
    is_stream = isinstance(value, IterableDataset)  # its __getitem__ is there, but raises
    return (
        hasattr(value, "__getitem__") and hasattr(value, "__len__") and not (is_array or is_stream or is_sparse(value))
    )


def _describe(value: Any) -> str:
    return f"a {type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else type(value).__name__


def _advise(value: Any) -> str:
    """Returns a sentence on how examples that come one after the other, or in batches, become data; else nothing."""
    if isinstance(value, DataLoader):
        return " Return the data set that it loads, its .dataset, instead."
    is_list = isinstance(value, list) and len(value) > 0 and isinstance(value[0], tuple)
    if not (is_list or isinstance(value, Dataset | Iterator)):
        return ""
    lacking = "" if is_list or hasattr(value, "__len__") else " It has no __len__: write one, or return all examples."
    return f"{lacking} Of pairs make tensors: inputs, targets = zip(*data); torch.stack(inputs), torch.tensor(targets)."
