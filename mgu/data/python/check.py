"""Checks of inputs and targets: everything that a network could not learn from is told with what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from mgu.data.python.tensors import Part
from mgu.errors import UserError

Task = Literal["classification", "regression"]
FINEST = 1e-6  # of a standard deviation: standardised targets are float32


def check_inputs(parts: Mapping[str, Part], target: str) -> dict[str, Tensor]:
    """Checks the inputs of all parts.

    Args:
        parts: By name.
        target: The import path of the function, for messages.

    Returns:
        The inputs by part: images (N, C, H, W) of bytes as they are, all others as float32.

    Raises:
        UserError: They have no features, several shapes, or values that are not finite.
    """
    checked: dict[str, Tensor] = {}
    shape = parts["train"].inputs.shape[1:]
    for name, (inputs, _) in parts.items():
        what = f"inputs in {name} of {target}"
        if inputs.dim() < 2:
            raise UserError(
                f"{what} must be (N, features) or (N, C, H, W), but have shape {tuple(inputs.shape)}. Add an axis, as "
                "by inputs[:, None]."
            )
        if len(inputs) == 0 or inputs[0].numel() == 0:
            raise UserError(f"{what} must have values, but have shape {tuple(inputs.shape)}. Return at least one.")
        if inputs.shape[1:] != shape:
            raise UserError(
                f"{what} must have the shape of those in train, {tuple(shape)}, but have {tuple(inputs.shape[1:])}."
                " Resize them, or return as many features."
            )
        if inputs.dim() == 4 and inputs.shape[-1] in (1, 3) and inputs.shape[1] > 4:
            raise UserError(
                f"{what} must be images (N, C, H, W), but look like (N, H, W, C): {tuple(inputs.shape)}. Move the "
                "axis, as by inputs.transpose(0, 3, 1, 2) in NumPy, inputs.permute(0, 3, 1, 2) in torch."
            )
        if _are_bytes(inputs) != _are_bytes(parts["train"].inputs):  # which are divided by 255, and others are not
            first, second = (str(tensor.dtype).removeprefix("torch.") for tensor in (parts["train"].inputs, inputs))
            raise UserError(
                f"{what} must be bytes (uint8) if and only if those in train are, but are {second} where train has "
                f"{first}. Return uint8 in all parts, or scaled floats in all."
            )
        checked[name] = inputs.contiguous() if _are_bytes(inputs) else inputs.to(torch.float32).contiguous()
        _check_finite(checked[name], what)
    return checked


def _are_bytes(inputs: Tensor) -> bool:
    """Tells whether inputs are images of bytes."""
    return inputs.dim() == 4 and inputs.dtype == torch.uint8


def find_task(parts: Mapping[str, Part], asked: str | None, target: str) -> Task:
    """Finds what is to be predicted, by the type of the targets unless it is asked for.

    Args:
        parts: By name.
        asked: "classification", "regression", or "auto" or None.
        target: The import path of the function, for messages.

    Returns:
        The task.

    Raises:
        UserError: Classes are asked for, and the targets are no whole numbers.
    """
    is_whole = not parts["train"].targets.is_floating_point()
    if asked == "classification" and not is_whole:
        raise UserError(
            f"targets of {target} must be whole numbers for dataset.task=classification, but are "
            f"{parts['train'].targets.dtype}. Convert them, as by targets.long(), or pass dataset.task=regression."
        )
    if asked == "regression" or (asked != "classification" and not is_whole):
        return "regression"
    return "classification"


def check_targets(parts: Mapping[str, Part], task: Task, target: str) -> dict[str, Tensor]:
    """Checks the targets of all parts.

    Args:
        parts: By name.
        task: What is predicted.
        target: The import path of the function, for messages.

    Returns:
        The targets (N,) by part: int64 for classes, else float64, for float32 would round large ones that are close.

    Raises:
        UserError: There is not one for each example, classes are not 0..K-1, or numbers are not finite or all equal.
    """
    flat = {name: _flatten(part.targets, f"targets in {name} of {target}") for name, part in parts.items()}
    if task == "classification":
        return {name: targets.long() for name, targets in _check_classes(flat, target).items()}
    numbers = {name: targets.to(torch.float64) for name, targets in flat.items()}
    for name, targets in numbers.items():
        what = f"targets in {name} of {target}"
        _check_finite(targets.float(), what)
        if not flat[name].is_floating_point():
            _check_resolution(targets, float(numbers["train"].std(correction=0)), what)
    if not float(numbers["train"].std(correction=0)) > 0:
        raise UserError(
            f"targets in train of {target} must differ, but all are {numbers['train'][0]:g}. Return others."
        )
    return numbers


def _flatten(targets: Tensor, what: str) -> Tensor:
    if targets.dim() == 2 and targets.shape[1] == 1:
        return targets.flatten()
    if targets.dim() == 1:
        return targets
    hint = "Of one-hot rows return targets.argmax(1)." if targets.dim() == 2 else "Flatten them."
    raise UserError(f"{what} must be one number for each example, but have shape {tuple(targets.shape)}. {hint}")


def _check_classes(flat: Mapping[str, Tensor], target: str) -> Mapping[str, Tensor]:
    """Checks that the classes of the training data are 0..K-1, and that there are no others elsewhere."""
    labels = flat["train"].unique().tolist()
    num_classes = len(labels)
    if labels != list(range(num_classes)):
        shown = ", ".join([f"{label:g}" for label in labels[:10]] + (["..."] if num_classes > 10 else []))
        raise UserError(
            f"classes in train of {target} must be 0 to K - 1, each with an example, but are {shown}. Number them, as "
            "by np.unique(labels, return_inverse=True)[1], or pass dataset.task=regression if they are quantities."
        )
    if num_classes < 2:
        raise UserError(f"classes in train of {target} must be at least two, but there is one. Return more examples.")
    for name, targets in flat.items():
        if other := [label for label in targets.unique().tolist() if label not in range(num_classes)]:
            raise UserError(
                f"classes in {name} of {target} must be among those in train, 0 to {num_classes - 1}, but one is "
                f"{other[0]:g}. Add such examples to train, or leave them out."
            )
    return flat


def _check_resolution(whole: Tensor, std: float, what: str) -> None:
    """Checks that whole numbers (N,), rounded to float64, differ as before, compared with their standard deviation."""
    largest = float(whole.abs().max())
    if (step := math.ulp(largest)) > max(1.0, FINEST * std):
        raise UserError(
            f"{what} must be whole numbers up to 2^53, but the largest is {largest:.3g}, and rounded to multiples of "
            f"{step:g}, where their standard deviation is {std:.3g}. Subtract a constant of all."
        )


def _check_finite(values: Tensor, what: str) -> None:
    if not values.is_floating_point() or bool(values.isfinite().all()):
        return
    bad = ~values.isfinite().flatten(1).all(dim=1) if values.dim() > 1 else ~values.isfinite()
    first = int(bad.nonzero()[0])
    raise UserError(
        f"{what} must be finite numbers, but {int(bad.sum()):,} of {len(values):,} examples have NaN or infinity, the "
        f"first at index {first}. Leave them out, or fill in numbers."
    )
