"""Data: what a run trains on, one folder a kind of data, and one class in it that says all about the kind.

datasets.py lists the kinds, dataset.py says what each must answer, splits.py what the training loop asks of examples.
Names are imported on first use: the parent process resolves the user's files without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use
from mgu.data.dataset import Dataset
from mgu.data.datasets import KINDS, find_kind, open_dataset

if TYPE_CHECKING:
    from mgu.data.shapes import Shapes
    from mgu.data.splits import Data, Splits

__all__ = ["KINDS", "Data", "Dataset", "Shapes", "Splits", "find_kind", "open_dataset"]

_HOMES = {"Data": "splits", "Shapes": "shapes", "Splits": "splits"}

__getattr__ = import_on_first_use(__name__, _HOMES)
