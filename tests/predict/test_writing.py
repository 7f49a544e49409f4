"""What is written of predictions is what was predicted."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from mgu.predict.writing import to_csv, to_json


def read(rows: list[dict[str, Any]], every_class: bool = False) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(rows, every_class))))


def test_quantities_keep_their_digits_beside_a_large_mean() -> None:
    rows = [{"row": number, "prediction": 1.7e9 + number / 3} for number in range(100)]
    assert [float(row["prediction"]) for row in read(rows)] == [row["prediction"] for row in rows]
    assert json.loads(to_json(rows, False)) == rows


def test_probabilities_and_scores_are_short() -> None:
    shares = {"0.1": 1 / 3, "2.0": 2 / 3}
    (row,) = read([{"prediction": 2.0, "probability": 2 / 3, "probabilities": shares}], every_class=True)
    assert row == {"prediction": "2.0", "probability": "0.6666667", "p(0.1)": "0.3333333", "p(2.0)": "0.6666667"}
    assert read([{"user": "7", "item": "1", "score": 1 / 3}])[0]["score"] == "0.3333333"
