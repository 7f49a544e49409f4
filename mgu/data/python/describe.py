"""What a user's function returns, told to the parent process, which has no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.data.python.load import load_data
from mgu.isolation import Send


def describe(send: Send, values: Mapping[str, Any]) -> dict[str, Any]:
    """Calls the user's function and describes the data.

    Args:
        send: Not used.
        values: `target`, `options`, `folder`, `sha256`, `task` and `split` of the section.

    Returns:
        The values that are found in the data, by key of the section.

    Raises:
        UserError: The function fails, or returns what cannot be learned from.
    """
    loaded = load_data(values)
    return {
        "task": loaded.task,
        "split": "paper" if loaded.splits.test is None else "holdout",
        "input_shape": list(loaded.input_shape),
        "num_classes": loaded.num_classes,
        "fingerprint": loaded.fingerprint,
    }
