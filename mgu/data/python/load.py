"""Calls the user's function, checks what it returns, and splits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mgu.data.images.images import Images
from mgu.data.python.check import Task, check_inputs, check_targets, find_task
from mgu.data.python.examples import Examples
from mgu.data.python.fingerprint import take_fingerprint
from mgu.data.python.tensors import PARTS, Part, read_parts
from mgu.data.splits import Data, Splits, hold_out
from mgu.errors import UserError
from mgu.machine import count_cores
from mgu.random_numbers.generators import unseeded
from mgu.user_code.after_import import go_on_after_import
from mgu.user_code.faults import blaming
from mgu.user_code.loading import call_target, find_target

VAL_PARTS, TEST_PARTS = 10, 5  # of the training data one in so many validates or tests, where the function gives none


class Loaded(NamedTuple):
    """Holds the data of a function, and what they tell.

    Attributes:
        splits: Training, validation and test examples.
        task: What is predicted.
        input_shape: Shape of one input.
        num_classes: Number of classes; None for a regression.
        target_mean: Targets of a regression are (target - mean) / std over the training examples.
        target_std: Their standard deviation.
        fingerprint: Tells whether the function returned the same examples again.
    """

    splits: Splits
    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    target_mean: float = 0.0
    target_std: float = 1.0
    fingerprint: str | None = None


def load_data(values: Mapping[str, Any]) -> Loaded:
    """Calls the function that the section of a data set names.

    Args:
        values: `target`, `options`, `folder` and `sha256` of the section, `task` and `split` as far as they are known.

    Returns:
        The data in main memory.

    Raises:
        UserError: The function cannot be found, fails, or returns what cannot be learned from.
    """
    target = values["target"]
    parts = _call(values)
    inputs, task = check_inputs(parts, target), find_task(parts, values.get("task"), target)
    targets = check_targets(parts, task, target)
    fingerprint = take_fingerprint(tensors[name] for name in PARTS if name in parts for tensors in (inputs, targets))
    shape, num_classes, mean, std = tuple(inputs["train"].shape[1:]), None, 0.0, 1.0
    if task == "classification":
        num_classes = int(targets["train"].max()) + 1
    else:
        mean, std = float(targets["train"].mean()), float(targets["train"].std(correction=0))
        targets = {name: ((numbers - mean) / std).float() for name, numbers in targets.items()}
    examples = {name: _hold(inputs[name], targets[name]) for name in parts}
    splits = _split(examples, values.get("split"), target)
    return Loaded(splits, task, shape, num_classes, mean, std, fingerprint)


def _call(values: Mapping[str, Any]) -> dict[str, Part]:
    """Calls the function as a process does that has just begun, and reads what it returns, for that may draw, too."""
    target = values["target"]
    module = target.partition(":")[0]
    with unseeded(), _on_all_cores():
        go_on_after_import(module)  # where its package has been imported already, as for a network of the user's
        function = find_target("dataset.target", target, values["folder"], values["sha256"])
        go_on_after_import(module)
        with blaming(f"dataset.target {target} must return the data", "Correct it; its arguments are dataset.options."):
            return read_parts(call_target("dataset", target, function, values["options"], {}), target)


@contextmanager
def _on_all_cores() -> Iterator[None]:
    """Gives the block one number of threads in all processes, for results may depend on it, whatever `threads` is."""
    before = torch.get_num_threads()
    torch.set_num_threads(count_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _hold(inputs: Tensor, targets: Tensor) -> Data:
    """Holds bytes of images as bytes, which are scaled to 0..1 by batch."""
    return Examples(inputs, targets) if inputs.is_floating_point() else Images(inputs, targets)


def _split(examples: Mapping[str, Data], split: str | None, target: str) -> Splits:
    """Takes the parts that the function gives, and others from the training examples."""
    train, notes = examples["train"], list[str]()
    val, test = examples.get("val"), examples.get("test")
    if test is None and split == "holdout":
        train, test = _take(train, TEST_PARTS, "test", target)
        notes.append(f"a fifth of the training examples tests, for {target} gives no test data")
    if test is not None and split == "paper":
        raise UserError(
            f"dataset.split must be holdout where the function gives test data, but got paper. {target} does: leave "
            "dataset.split out."
        )
    if val is None:
        train, val = _take(train, VAL_PARTS, "validation", target)
        notes.append(f"a tenth of the training examples validates, for {target} gives no validation data")
    return Splits(train, val, test, tuple(notes))


def _take(data: Data, parts: int, use: str, target: str) -> tuple[Data, Data]:
    """Takes one example in `parts` away, at random but the same in every run."""
    if len(data) < parts:
        raise UserError(
            f"train of {target} must have at least {parts} examples to take {use} data from, but has {len(data)}. "
            "Return more."
        )
    rest, held_out = hold_out(len(data), len(data) // parts)
    return data.subset(rest), data.subset(held_out)
