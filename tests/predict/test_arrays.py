"""Arrays to predict are taken or refused as those of the user's function are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix

from mgu.errors import UserError
from mgu.predict.arrays import as_inputs
from mgu.results.on_disk.preprocessing import Arrays

ARRAYS = Arrays(shape=[2], source="my:load")
ROWS = np.array([[1.0, 5.0], [2.0, 6.0]])


def test_nullable_columns_are_numbers() -> None:
    assert torch.equal(as_inputs(pd.DataFrame(ROWS).astype("Float64"), ARRAYS), torch.tensor(ROWS).float())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ma.masked_equal(ROWS, 5), "inputs must have all of their values, but 1 of 4 is masked"),
        (csr_matrix(ROWS), "must be a dense array, but are a csr_matrix"),
        (torch.tensor(ROWS).bfloat16(), "must be an array of numbers, but .*BFloat16"),
        (pd.DataFrame(ROWS).astype("Float64").where(ROWS < 6), "must be finite numbers, but those at index 1 are not"),
    ],
)
def test_what_would_lose_values_is_refused(values: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        as_inputs(values, ARRAYS)
