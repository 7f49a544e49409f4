"""What an exported file says about columns of a table: how the program that calls it makes inputs of their cells."""

from __future__ import annotations

import json

from mgu.data.tables.csv_file import MISSING_NUMBERS
from mgu.data.tables.dates import FORMS
from mgu.data.tables.spellings import CategoryCodes
from mgu.export.columns import input_name
from mgu.export.network import Format
from mgu.results.on_disk.preprocessing import Columns


def describe_columns(columns: Columns, form: Format) -> dict[str, str]:
    """Describes the inputs of a run that takes columns of a table, for the metadata of its file.

    Args:
        columns: What the run takes.
        form: "torch" or "onnx", which takes the columns as they are.

    Returns:
        Texts by name; `columns`, `categories`, `spellings` and `input_shape` are in JSON.
    """
    numbers, categories = len(columns.numbers), len(columns.categories)
    parts = (["numbers"] if numbers else []) + (["categories"] if categories else [])
    by_name = {column.name: "float64, NaN where missing" for column in columns.numbers}
    by_name |= {column.name: "float64 days since 1970-01-01 00:00 UTC, NaN where missing" for column in columns.dates}
    by_name |= {column.name: "text as in the file, empty where missing" for column in columns.categories}
    made_of = "numbers are scaled and missing ones filled in"
    if circles := [f"{date.name} ({', '.join(date.cycles)})" for date in columns.dates if date.cycles]:
        made_of += f", days give sines and cosines of their places in cycles: {'; '.join(circles)}"
    described = {
        "input": ", ".join(parts),
        "columns": json.dumps(by_name, ensure_ascii=False),
        **_describe_categories(columns, form),
        "cells": _describe_cells(columns, form),
    }
    if form == "onnx":
        return described | {
            "columns": json.dumps({input_name(name): kind for name, kind in by_name.items()}, ensure_ascii=False),
            "input_shape": json.dumps(["batch"]),
            "input_type": "one input for each of `columns`",
            "preprocessing": f"in the graph: {made_of}, categories become one-hot",
        }
    return described | {
        "input_shape": json.dumps([["batch", count] for count in (numbers, categories) if count]),
        "input_type": "float64 numbers in the order of `columns`; int64 codes of categories: the place in `categories`,"
        " from 0, or -1 for any other",
        "preprocessing": f"in the graph: {made_of}, codes become one-hot",
    }


def _describe_categories(columns: Columns, form: Format) -> dict[str, str]:
    """Returns the categories of each column, and the other texts that stand for one of them."""
    name_of = input_name if form == "onnx" else str
    texts = {
        name_of(column.name): CategoryCodes(column, columns.missing_words).texts() for column in columns.categories
    }
    values = {name_of(column.name): column.values for column in columns.categories}
    others = {name: {text: known for text, known in own.items() if text != known} for name, own in texts.items()}
    return {
        key: json.dumps({name: own for name, own in content.items() if own}, ensure_ascii=False)
        for key, content in (("categories", values), ("spellings", others))
        if any(content.values())
    }


def _describe_cells(columns: Columns, form: Format) -> str:
    """Says how cells of the user's files become inputs, as far as the graph does not do it."""
    dates = {date.name for date in columns.dates}
    mark = "comma" if columns.decimal == "," else "point"
    missing = "empty, blank or one of " + " ".join(MISSING_NUMBERS)
    rules = {
        f"numbers have a decimal {mark} and no mark of thousands": any(
            own.name not in dates for own in columns.numbers
        ),
        f"dates are written as {FORMS}, as ISO 8601 has them, and are in UTC where they name no zone": bool(dates),
        f"a number or date is missing where its cell is {missing}": bool(columns.numbers),
    }
    told = [rule for rule, applies in rules.items() if applies]
    if columns.categories:
        known = "the graph knows" if form == "onnx" else "are known"
        told.append(
            f"of categories {known} the texts of `categories` and, for the same ones, those of `spellings`; take "
            "blanks off the ends of any other cell, and write a number without needless signs and zeros"
        )
    return "; ".join(told)
