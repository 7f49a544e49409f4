"""Inputs of an ONNX file, made of cells as they stand in the user's file, as the metadata tell those who call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgu.console.text import count
from mgu.data.ratings.names import as_name
from mgu.data.tables.spellings import CategoryCodes
from mgu.errors import RunsFailed
from mgu.export.columns import are_whole, input_name
from mgu.predict.examples import Examples
from mgu.predict.model import Model
from mgu.results.on_disk.preprocessing import Columns, Pairs, Pixels
from mgu.text.agree import agree
from mgu.text.printable import printable


def read_raw(model: Model, raw: Any) -> Examples:
    """Reads held-out examples as `predict` does.

    Args:
        model: The run.
        raw: Examples as they are in the user's files.

    Returns:
        The examples.

    Raises:
        RunsFailed: Some cannot be read, though the run has been scored on them.
    """
    examples = model.read_memory(raw)
    if examples.faults:
        raise RunsFailed(
            f"predict must take the held-out rows of the run, but {examples.faults[0]}. No file is written; please "
            "report this with the run's config.yaml."
        )
    return examples


def feed(model: Model, raw: Any) -> dict[str, Any]:
    """Makes the inputs of an ONNX file.

    Args:
        model: The run.
        raw: Examples as they are in the user's files.

    Returns:
        Arrays by the names of the inputs; of categories the texts as they stand in the file, see `in_listed_form`.

    Raises:
        RunsFailed: Some cannot be read.
    """
    inputs = model.preprocessing.inputs
    if isinstance(inputs, Columns):
        names = [input_name(column.name) for column in inputs.numbers]
        cells = read_raw(model, raw).raw[0].T.contiguous().numpy() if names else ()  # of dates the days
        numbers = dict(zip(names, cells, strict=True))
        return numbers | {
            input_name(name): np.array([shown for _, shown in pairs], object)
            for name, pairs in _listed_cells(inputs, raw).items()
        }
    if isinstance(inputs, Pairs):
        return {
            input_name(entities.column): np.array([int(name) for name in raw[entities.column]])
            if are_whole(entities)
            else np.array([_as_text(cell) for cell in raw[entities.column]], object)
            for entities in (inputs.users, inputs.items)
        }
    (tensor,) = model.read_memory(raw).raw
    return {"images" if isinstance(inputs, Pixels) else "inputs": tensor.contiguous().numpy()}


def in_listed_form(texts: Sequence[str] | dict[str, str], text: str) -> str:
    """Returns the text that an ONNX file is to be given for a cell: the cell itself, if the file knows it.

    Args:
        texts: What the file knows.
        text: The cell.

    Returns:
        The cell; without the blanks at its ends, or as the shortest form of its number, where the file knows only that.
    """
    if text in texts:
        return text
    bare = text.strip()
    return next((form for form in (bare, as_name(bare, is_number=True)) if form in texts), text)


def describe_respelled(model: Model, raw: Any) -> list[str]:
    """Says which cells the file does not know as they stand in the user's file.

    Args:
        model: The run.
        raw: Examples as they are in the user's files.

    Returns:
        One line, or none where it knows all.
    """
    inputs = model.preprocessing.inputs
    if not isinstance(inputs, Columns):
        return []
    changed = [
        (name, text, shown)
        for name, pairs in _listed_cells(inputs, raw).items()
        for text, shown in pairs
        if text != shown
    ]
    if not changed:
        return []
    name, text, shown = changed[0]
    cells = f"{count(len(changed), 'cell')} {agree(len(changed), 'was', 'were')}"
    return [
        f"{cells} given to the file without blanks at the ends, or as the plain number, which the program that calls "
        f"it is to do, too: {printable(repr(text))} in {printable(repr(name))} as {printable(repr(shown))}"
    ]


def _listed_cells(columns: Columns, raw: Any) -> dict[str, list[tuple[str, str]]]:
    """Returns by the name of each column of categories its cells as texts, and in the form that the file knows."""
    listed = {}
    for column in columns.categories:
        texts = CategoryCodes(column, columns.missing_words).texts()
        cells = [_as_text(cell) for cell in raw[column.name]]
        listed[column.name] = [(text, in_listed_form(texts, text)) for text in cells]
    return listed


def _as_text(cell: Any) -> str:
    return "" if cell is None or (not isinstance(cell, str) and str(cell) in ("nan", "<NA>")) else str(cell)
