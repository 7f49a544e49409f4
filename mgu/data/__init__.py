"""Data: what a run trains on, one folder a kind of data, and one class in it that says all about the kind.

datasets.py lists the kinds, dataset.py says what each must answer, splits.py what the training loop asks of examples.
Names are imported on first use: the parent process resolves the user's files without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mgu.data.dataset import Dataset
from mgu.data.datasets import KINDS, find_kind, open_dataset

if TYPE_CHECKING:
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Data, Splits

__all__ = ["KINDS", "Data", "Dataset", "Shapes", "Splits", "find_kind", "open_dataset"]


def __getattr__(name: str) -> Any:
    if name == "Shapes":
        from mgu.data.shapes import Shapes

        return Shapes
    if name in ("Data", "Splits"):
        from mgu.data import splits

        return getattr(splits, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
