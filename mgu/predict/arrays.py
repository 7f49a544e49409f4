"""Arrays in memory or in .npy files: raw pixels, or numbers as a function of the user's returned them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mgu.data.as_numbers import as_numbers
from mgu.errors import UserError
from mgu.predict.examples import Examples, broken
from mgu.results.on_disk.preprocessing import Arrays, Pixels


def as_pixels(images: Any, pixels: Pixels) -> Tensor:
    """Returns raw pixels as the network's preprocessing takes them.

    Args:
        images: An array or tensor of raw pixels: (B, C, H, W), (B, H, W, C), (B, H, W) of grey images, or one image.
        pixels: What the run was trained on.

    Returns:
        The pixels (B, C, H, W) as uint8.

    Raises:
        UserError: They have another shape or range.
    """
    channels, height, width = pixels.shape
    array = _as_array(images)
    if array.shape in ((channels, height, width), (height, width, channels)) or (
        channels == 1 and array.shape == (height, width)
    ):
        array = array[None]
    if channels == 1 and array.ndim == 3:
        array = array[:, None]
    if array.ndim == 4 and array.shape[1:] == (height, width, channels) != (channels, height, width):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1:] != (channels, height, width):
        raise UserError(
            f"images must be of shape (N, {channels}, {height}, {width}), but got {array.shape}. Resize them as in "
            "training, or pass files."
        )
    if array.size == 0:
        raise UserError("images must be at least one, but there is none. Pass some.")
    _check_range(array, pixels.pixel_max)
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.uint8))


def _check_range(array: Any, pixel_max: float) -> None:
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= pixel_max):  # also of NaN
        raise UserError(f"pixels must be from 0 to {pixel_max:g} as in training, but go from {low:g} to {high:g}.")
    if array.dtype.kind == "f" and (array % 1).any():
        raise UserError(
            f"pixels must be whole numbers from 0 to {pixel_max:g}, as in files, but the largest is {high:g} and some "
            f"have fractions. Scaled ones must be multiplied by {pixel_max:g} and rounded."
        )


def as_inputs(values: Any, arrays: Arrays) -> Tensor:
    """Returns numbers as a run on data of a function takes them.

    Args:
        values: An array or tensor (B, *), or one example.
        arrays: What the run was trained on.

    Returns:
        The numbers (B, *) as float32.

    Raises:
        UserError: They have another shape, or are not finite.
    """
    array, shape = _as_array(values), tuple(arrays.shape)
    array = array[None] if array.shape == shape else array
    if array.shape[1:] != shape or not len(array):
        raise UserError(
            f"inputs must be of shape (N, {', '.join(map(str, shape))}) as {arrays.source} returned them, but got "
            f"{array.shape}."
        )
    tensor = torch.from_numpy(np.array(array, dtype=np.float32))
    if not tensor.isfinite().all():
        bad = int((~tensor.isfinite()).flatten(1).any(dim=1).nonzero()[0])
        raise UserError(f"inputs must be finite numbers, but those at index {bad} are not. Leave them out.")
    return tensor


def _as_array(values: Any) -> Any:
    """Returns a NumPy array of numbers. Raises UserError for anything else."""
    if not isinstance(values, Tensor):
        return as_numbers(values, "inputs")
    try:
        return as_numbers(values.detach().cpu().numpy(), "inputs")
    except TypeError as error:  # NumPy has no bfloat16, and no sparse arrays
        raise UserError(f"inputs must be an array of numbers, but {str(error).splitlines()[0].rstrip('.')}.") from None


def read_pixel_file(path: str | Path, pixels: Pixels) -> Examples:
    """Reads a .npy of raw pixels."""
    return _read(path, lambda array: as_pixels(array, pixels))


def read_array_file(path: str | Path, arrays: Arrays) -> Examples:
    """Reads a .npy of inputs, or a text file of numbers between commas."""
    return _read(path, lambda array: as_inputs(array, arrays))


def _read(path: str | Path, convert: Any) -> Examples:
    file = Path(path).expanduser()
    try:
        if file.suffix == ".npy":
            values = np.load(file, allow_pickle=False)
        else:
            values = np.loadtxt(file, delimiter=",", ndmin=2, encoding="utf-8-sig")
        tensor = convert(values)
    except UserError as error:
        return broken(f"{path}: {error}")
    except FileNotFoundError:
        return broken(f"{path} does not exist")
    except (OSError, ValueError, EOFError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        return broken(f"{path} cannot be read as an array of numbers ({reason})")
    return Examples([{"file": str(path), "row": row + 1} for row in range(len(tensor))], (tensor,))
