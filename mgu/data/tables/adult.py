"""UCI Adult (Becker and Kohavi 1996, https://doi.org/10.24432/C5XW20): who earns more than $50,000 a year."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

TARGET = "income"
COLUMNS = [
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race",
    "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", TARGET,
]  # fmt: skip
CLASSES = ["<=50K", ">50K"]
ROWS = {"train": 32_561, "test": 16_281}
FNLWGT = {"train": 6_179_373_392, "test": 3_084_202_270}  # sums, which tell the parts of a download apart


def load_adult(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the official training and test rows, from the files of UCI in `root`/adult or else from OpenML.

    Raises UserError where they cannot be had, or differ from what was published.
    """
    folder = root / "adult"
    if (folder / "adult.data").is_file() and (folder / "adult.test").is_file():
        # The test file begins with a line of its own, and ends its classes with a dot.
        return _read(folder / "adult.data", "train", skip=0), _read(folder / "adult.test", "test", skip=1)
    return _download(root)


def _read(path: Path, part: str, skip: int) -> pd.DataFrame:
    """Reads one of UCI's files. Raises UserError where it is not as published."""
    import pandas as pd

    try:
        frame = pd.read_csv(path, header=None, names=COLUMNS, skiprows=skip, skipinitialspace=True, na_values="?")
        frame[TARGET] = frame[TARGET].astype(str).str.rstrip(".")
    except (ValueError, OSError):  # pandas' own errors are ValueErrors
        frame = pd.DataFrame(columns=COLUMNS)
    if not _is_part(frame, part):
        raise UserError(
            f"dataset adult must be as UCI publishes it, but {path} is not. "
            "Replace it, or remove it and it is downloaded."
        )
    return frame


def _is_part(frame: pd.DataFrame, part: str) -> bool:
    """Returns whether the rows are the official ones, by their number, classes and a sum."""
    is_whole = len(frame) == ROWS[part] and set(frame[TARGET]) == set(CLASSES)
    return is_whole and bool(frame["fnlwgt"].sum() == FNLWGT[part])


def _download(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Downloads OpenML's table of all rows, and tells the two parts apart by a sum. Raises UserError."""
    from sklearn.datasets import fetch_openml

    log.info("downloading adult from OpenML to %s", root)
    try:
        frame = fetch_openml("adult", version=2, as_frame=True, data_home=str(root), parser="auto").frame
    except Exception as error:  # whatever the network and a server make of it
        raise UserError(
            f"dataset adult must be in {root / 'adult'}, but is not there, and its download failed "
            f"({str(error) or type(error).__name__}). Put adult.data and adult.test of archive.ics.uci.edu there, "
            "or pass dataset.root=... or set MGU_DATA."
        ) from None
    frame = frame.rename(columns={"class": TARGET})[COLUMNS]
    frame[TARGET] = frame[TARGET].astype(str)
    for first, cut in ROWS.items():
        parts = {first: frame.iloc[:cut], "test" if first == "train" else "train": frame.iloc[cut:]}
        if all(_is_part(part, name) for name, part in parts.items()):
            return parts["train"], parts["test"]
    raise UserError(
        "dataset adult must have its official training and test rows apart, but OpenML's table cannot be told apart. "
        f"Put adult.data and adult.test of archive.ics.uci.edu into {root / 'adult'}."
    )
