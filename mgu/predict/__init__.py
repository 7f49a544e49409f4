"""Predictions of a finished run for new files, arrays and tables, without its training data.

model.py is what `mgu.load` returns; image_files.py, rows.py, pairs.py and arrays.py read examples and name what is
wrong with them; answers.py says what outputs mean, and writing.py writes CSV and JSON. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.predict.model import Model as Model
    from mgu.predict.model import load as load

__all__ = ["Model", "load"]

_HOMES = {"Model": "model", "load": "model"}

__getattr__ = import_on_first_use(__name__, _HOMES)
