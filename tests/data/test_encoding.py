"""Rows are encoded without scikit-learn to the very numbers of training, and every run keeps what that needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from mgu.data.tables.encoding import UNSEEN, RowEncoding
from mgu.data.tables.inputs import encode_inputs


def table(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    numbers = random.normal(5, 3, rows).round(2)
    return pd.DataFrame(
        {
            "length": np.where(random.random(rows) < 0.2, np.nan, numbers),
            "constant": 7.0,
            "gone": np.nan,
            "far": random.normal(0, 1, rows) * np.where(random.random(rows) < 0.05, 1e12, 1),
            "colour": random.choice(np.array(["red", "green", "blue", None]), rows),
            "street": random.choice([f"s{number}" for number in range(40)], rows, p=np.arange(1, 41) / 820),
            "is_new": random.choice([True, False], rows),
        }
    )


@pytest.mark.parametrize("scale", ["standard", "robust"])
def test_the_encoder_without_scikit_learn_is_the_one_of_training(scale: str) -> None:
    parts = {"train": table(300, 0), "test": table(100, 1)}
    parts["test"].loc[:4, "colour"] = "violet"  # never seen
    parts["test"].loc[:4, "street"] = "new street"
    expected, columns = encode_inputs(parts, scale, max_categories=12)
    by_name = {column.name: column for column in columns.categories}
    assert by_name["street"].has_other and not by_name["colour"].has_other and "" in by_name["colour"].values
    encode = RowEncoding(columns)
    for name, frame in parts.items():
        numbers = torch.tensor(frame[[column.name for column in columns.numbers]].to_numpy(float))
        words = frame[list(by_name)].astype(object).where(frame[list(by_name)].notna(), "").map(str)
        codes = torch.tensor(
            [
                [
                    own.values.index(word) if word in own.values else UNSEEN
                    for own, word in zip(columns.categories, row, strict=True)
                ]
                for row in words.to_numpy()
            ]
        )
        found = encode(numbers, codes)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected[name], rtol=1e-6, atol=1e-7)


def test_numbers_alone_and_categories_alone() -> None:
    frame = table(60, 0)
    for names in (["length"], ["colour", "street"]):
        expected, columns = encode_inputs({"train": frame[names]}, "standard", max_categories=50)
        cells = (
            torch.tensor(frame[names].to_numpy(float))
            if columns.numbers
            else torch.tensor(
                [
                    [
                        own.values.index("" if not isinstance(word, str) else word)
                        for own, word in zip(columns.categories, row, strict=True)
                    ]
                    for row in frame[names].to_numpy()
                ]
            )
        )
        torch.testing.assert_close(RowEncoding(columns)(cells), expected["train"], rtol=1e-6, atol=1e-7)
