"""The random numbers that code draws without a generator of its own: those of torch, of numpy.random and of random.

Our own layers draw from torch alone; networks, layers and optimizers of the user's draw from any of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

NUMPY_SEEDS = 2**32  # its legacy generator takes seeds below this


def seed_all(seed: int) -> None:
    """Seeds torch, numpy.random and random.

    Args:
        seed: 0 or larger, of up to 64 bits.
    """
    torch.manual_seed(seed)
    np.random.seed(seed if seed < NUMPY_SEEDS else list(divmod(seed, NUMPY_SEEDS)))
    random.seed(seed)


def get_states() -> dict[str, Any]:
    """Returns the states of the three on the CPU, as tensors and plain values, which are loaded without unpickling."""
    of_numpy = _map_arrays(np.random.get_state(legacy=False))
    return {"torch": torch.get_rng_state(), "numpy": of_numpy, "python": random.getstate()}


def set_states(states: dict[str, Any]) -> None:
    """Puts the generators into their states; those that `states` lacks, as of an earlier version, stay as they are.

    Args:
        states: What `get_states` returned.

    Raises:
        ValueError: One of them is the state of another kind of generator.
    """
    torch.set_rng_state(states["torch"])
    if "numpy" in states:
        np.random.set_state(_map_arrays(states["numpy"]))
    if "python" in states:
        random.setstate(states["python"])


@contextmanager
def keeping_states(devices: Iterable[torch.device] = ()) -> Iterator[None]:
    """Draws within the block without a trace: all three are afterwards as they were.

    Args:
        devices: CUDA devices whose generators are kept, too.
    """
    states = get_states()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        set_states(states)


def _map_arrays(value: Any) -> Any:
    """Returns NumPy's description of a state with tensors in the place of arrays, or the other way round."""
    if isinstance(value, dict):
        return {key: _map_arrays(own) for key, own in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.astype(np.int64))
    return value.numpy() if isinstance(value, torch.Tensor) else value
