"""The plan of a network: its steps in order, where each has its numbers, and which tensors it reads.

Values are all kept for the backward pass. A gradient has its place from the step that first writes it until the step
that made the value has read it; then the place is given to another one, so that few numbers are in use at a time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mgu.layers.normalization import BatchNorm
from mgu.planned.structs import COMBINE, CONVOLVE, NONE, NORMALISE, POOL, Call, Place, Step, Term

Size = tuple[int, int]


class CannotPlanError(Exception):
    """A network has what planned.c cannot compute; the message is the end of a longer one."""


class Array(NamedTuple):
    """Names numbers that a step writes, or the input.

    Attributes:
        number: Its number, from 0 for the input.
        channels: Its channels.
        size: Height and width.
    """

    number: int
    channels: int
    size: Size


class Weighted(NamedTuple):
    """Names a term of a sum: an array times a number, or times the sigmoid of a parameter.

    Attributes:
        array: The array.
        factor: The number.
        parameter: Number of the parameter, or NONE.
    """

    array: Array
    factor: float = 1.0
    parameter: int = NONE


class Plan:
    """Holds what calls of a network have in common.

    Args:
        planner: Has the steps.
        output: What the last of them writes.
        width: Images of a block, see planned.h.

    Attributes:
        call: The arguments that do not depend on the batch; it points to `steps` and `terms`.
        steps: The steps.
        terms: The terms of sums.
        holders: By number of a parameter, the dictionary and the name that it is found by.
        trained: The numbers of those that have gradients.
        norms: The batch norms.
        sizes: Numbers of a block of images: values, and gradients that are in use at a time.
        num_statistics: Means and scales of all norms.
    """

    def __init__(self, planner: Planner, output: Array, width: int) -> None:
        self.holders, self.norms, self.num_statistics = planner.holders, planner.norms, planner.num_statistics
        self.trained = planner.trained
        places, self.sizes = _place(planner, output, width)
        self.terms = (Term * max(planner.num_terms, 1))()
        self.steps = (Step * len(planner.sketches))(*(_fill(sketch, self.terms, places) for sketch in planner.sketches))
        first = planner.arrays[0]
        self.call = Call(
            steps=ctypes.addressof(self.steps), terms=ctypes.addressof(self.terms), num_steps=len(self.steps),
            channels=max(array.channels for array in planner.arrays),
            input=places.values[first], output=places.values[output],
            in_shape=_shape(first), out_shape=_shape(output),
        )  # fmt: skip

    def tensors(self) -> list[Tensor]:
        """Returns the parameters and running statistics, by number."""
        return [owner[name] for owner, name in self.holders]


class Sketch(NamedTuple):
    """Holds a step before its numbers have places.

    Attributes:
        step: What the step is told otherwise.
        sources: What it reads.
        target: What it writes.
    """

    step: Step
    sources: tuple[Weighted, ...]
    target: Array


class Planner:
    """Collects the steps of a network.

    Args:
        channels: Channels of its input.
        size: Height and width of that.
    """

    def __init__(self, channels: int, size: Size) -> None:
        self.arrays = [Array(0, channels, size)]
        self.sketches: list[Sketch] = []
        self.holders: list[tuple[dict[str, Any], str]] = []
        self.trained: list[int] = []
        self.norms: list[Any] = []
        self.num_statistics = self.num_terms = 0
        self._sums: dict[tuple[tuple[Weighted, ...], bool], Array] = {}

    def hold(self, module: nn.Module, name: str) -> int:
        """Returns the number of a parameter or a buffer of a module."""
        is_trained = name in module._parameters
        owner: dict[str, Any] = module._parameters if is_trained else module._buffers
        tensor = owner.get(name)
        if tensor is None or torch.empty_like(tensor).stride() != tensor.stride():
            raise CannotPlanError("where a layer lacks a tensor, or one overlaps with itself in memory")
        self.trained += [len(self.holders)] * is_trained
        self.holders.append((owner, name))
        return len(self.holders) - 1

    def convolve(self, source: Array, layer: nn.Conv2d) -> Array:
        """Adds a convolution; returns its output."""
        is_plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
        if not is_plain or layer.bias is not None or isinstance(layer.padding, str):
            raise CannotPlanError("around convolutions with groups, dilation, a bias, or a padding that is not zeros")
        if layer.weight.shape != (layer.out_channels, source.channels, *layer.kernel_size):
            raise CannotPlanError("where channels do not fit")
        kernel, stride, padding = map(_pair, (layer.kernel_size, layer.stride, layer.padding))
        geometry = zip(source.size, kernel, stride, padding, strict=True)
        height, width = ((size + 2 * pad - window) // step + 1 for size, window, step, pad in geometry)
        step = Step(
            kind=CONVOLVE, parameter=self.hold(layer, "weight"), kernel=kernel, stride=stride, padding=padding,
            weight_strides=layer.weight.stride(),
        )  # fmt: skip
        return self._add(step, (Weighted(source),), layer.out_channels, (height, width))

    def normalise(self, source: Array, norm: BatchNorm) -> Array:
        """Adds a batch norm of what no other step reads; returns its output."""
        tensors = (*norm._parameters.values(), *norm._buffers.values())
        if norm.channel_axis not in (1, -3) or any(t is None or t.shape != (source.channels,) for t in tensors):
            raise CannotPlanError("where a norm is not one number a channel")
        number, *_ = (self.hold(norm, name) for name in ("weight", "bias", "running_mean", "running_var"))
        step = Step(kind=NORMALISE, parameter=number, norm=len(self.norms), statistics=self.num_statistics)
        self.norms.append(norm)
        self.num_statistics += 2 * source.channels
        return self._add(step, (Weighted(source),), source.channels, source.size)

    def combine(self, terms: Sequence[Weighted], rectifies: bool = False) -> Array:
        """Adds a weighted sum and maybe ReLU, unless a step computes the same already; returns the sum."""
        key = tuple(terms), rectifies
        if key not in self._sums:
            array = terms[0].array
            if len(terms) == 1 and not rectifies and terms[0] == Weighted(array):
                return array
            step = Step(kind=COMBINE, first_term=self.num_terms, num_terms=len(terms), rectifies=rectifies)
            self.num_terms += len(terms)
            self._sums[key] = self._add(step, key[0], array.channels, array.size)
        return self._sums[key]

    def pool(self, source: Array, size: Size) -> Array:
        """Adds adaptive average pooling to a size; returns its output."""
        if source.size == size:
            return source
        return self._add(Step(kind=POOL), (Weighted(source),), source.channels, size)

    def _add(self, step: Step, sources: tuple[Weighted, ...], channels: int, size: Size) -> Array:
        target, first = Array(len(self.arrays), channels, size), sources[0].array
        step.in_channels, step.channels, step.in_size, step.out_size = first.channels, channels, first.size, size
        self.arrays.append(target)
        self.sketches.append(Sketch(step, sources, target))
        return target


class _Places(NamedTuple):
    """Holds the place of each array when its gradient is complete, and of each source when a step adds to it."""

    values: dict[Array, Place]
    sources: dict[tuple[int, int], Place]  # by number of the target, and of the source among those of its step


def _place(planner: Planner, output: Array, width: int) -> tuple[_Places, tuple[int, int]]:
    """Gives every array a place for its values and one for its gradient; returns them and the sizes of both."""
    sizes = {array: array.channels * array.size[0] * array.size[1] * width for array in planner.arrays}
    offset, begins = 0, {}
    for array in planner.arrays:
        begins[array], offset = offset, offset + sizes[array]
    slots, gradients, sources = Slots(), {}, {}
    gradients[output] = slots.take(sizes[output])
    for sketch in reversed(planner.sketches):
        target = sketch.target
        for number, (array, *_) in enumerate(sketch.sources):
            is_first = array not in gradients
            if sketch.step.kind == NORMALISE:  # it writes over the gradient of its output
                assert is_first
                gradients[array] = gradients[target]
            elif is_first:
                gradients[array] = slots.take(sizes[array])
            sources[target.number, number] = Place(begins[array], gradients[array], not is_first)
        if sketch.step.kind != NORMALISE:
            slots.give(gradients[target], sizes[target])
    values = {array: Place(begins[array], gradients[array], 0) for array in planner.arrays}
    return _Places(values, sources), (offset, slots.size)


class Slots:
    """Gives places in memory to numbers, and takes them back.

    Attributes:
        size: Numbers that there must be room for.
    """

    def __init__(self) -> None:
        self.size, self._free = 0, list[tuple[int, int]]()

    def take(self, size: int) -> int:
        """Returns where so many numbers can be: the smallest free place that has room, or a new one."""
        fitting = [slot for slot in self._free if slot[0] >= size]
        if not fitting:
            self.size += size
            return self.size - size
        room, begin = min(fitting)
        self._free.remove((room, begin))
        if room > size:
            self._free.append((room - size, begin + size))
        return begin

    def give(self, begin: int, size: int) -> None:
        """Takes a place back."""
        self._free.append((size, begin))


def _fill(sketch: Sketch, terms: Any, places: _Places) -> Step:
    """Returns the step with its places, and fills in its terms."""
    step, target = sketch.step, sketch.target.number
    step.source, step.target = places.sources[target, 0], places.values[sketch.target]
    for number in range(step.num_terms):
        _, factor, parameter = sketch.sources[number]
        terms[step.first_term + number] = Term(places.sources[target, number], parameter, factor)
    return step


def _shape(array: Array) -> tuple[int, int]:
    return array.channels, array.size[0] * array.size[1]


def _pair(numbers: Any) -> Size:
    height, width = numbers
    return int(height), int(width)
