"""The random numbers that code draws without a generator of its own: those of torch, of numpy.random and of random.

Our own layers draw from torch alone; functions, networks, layers and optimizers of the user's draw from any of them.
Imports no torch before it is used.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NUMPY_SEEDS = 2**32  # its legacy generator takes seeds below this


def seed_all(seed: int) -> None:
    """Seeds torch, numpy.random and random.

    Args:
        seed: 0 or larger, of up to 64 bits.
    """
    import numpy as np
    import torch

    torch.manual_seed(seed)
    np.random.seed(seed if seed < NUMPY_SEEDS else list(divmod(seed, NUMPY_SEEDS)))
    random.seed(seed)


def get_states() -> dict[str, Any]:
    """Returns the states of the three generators on the CPU.

    Returns:
        Tensors and plain values by the generator's name, which are loaded without unpickling.
    """
    import numpy as np
    import torch

    of_numpy = _map_arrays(np.random.get_state(legacy=False))
    return {"torch": torch.get_rng_state(), "numpy": of_numpy, "python": random.getstate()}


def set_states(states: dict[str, Any]) -> None:
    """Puts the generators into their states; those that `states` lacks, as of an earlier version, stay as they are.

    Args:
        states: What `get_states` returned.

    Raises:
        ValueError: One of them is the state of another kind of generator.
    """
    import numpy as np
    import torch

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

    Yields:
        None.
    """
    import torch

    states = get_states()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        set_states(states)


@contextmanager
def unseeded() -> Iterator[None]:
    """Gives the three a seed of the system's for the block, and their states back afterwards.

    Processes that are forked from one server inherit one state of NumPy: a function that draws from it without a seed
    would return the same rows to all runs of one command, and others to those of the next.

    Yields:
        None.
    """
    import numpy as np
    import torch

    with keeping_states():
        random.seed()
        np.random.seed()
        torch.default_generator.seed()
        yield


def _map_arrays(value: Any) -> Any:
    """Returns NumPy's description of a state with tensors in the place of arrays, or the other way round."""
    import numpy as np
    import torch

    if isinstance(value, dict):
        return {key: _map_arrays(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.astype(np.int64))
    return value.numpy() if isinstance(value, torch.Tensor) else value
