"""Tables in memory that do not fit are told by what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mgu.errors import UserError
from mgu.predict.table_files import select_columns


def test_a_column_that_is_there_twice_is_named() -> None:
    frame = pd.DataFrame(np.zeros((300, 3)), columns=["size", "price", "size"])
    with pytest.raises(UserError, match=r"^must have column 'size' once, but has it 2 times\. Drop"):
        select_columns(frame, ["price", "size"], ())
    assert select_columns(frame, ["price"], ()).rows == list(range(1, 301))  # the other is not asked for


def test_names_that_are_no_text_are_taken_as_it_unless_two_would_be_one() -> None:
    """Such as those of a table without a header, and of a row of it."""
    both = {1: [1.0], "1": [2.0], 2: [3.0]}
    for table in (both, pd.DataFrame(both)):
        with pytest.raises(UserError, match=r"^must have columns whose names differ as text, but has 1 and '1'"):
            select_columns(table, ["1", "2"], ())
        assert select_columns(table, ["2"], ()).columns == {"2": [3.0]}
    row = pd.DataFrame({1: [1.0], 2: [3.0]}).iloc[0].to_dict()
    assert select_columns(row, ["1", "2"], ()).columns == {"1": [1.0], "2": [3.0]}
    with pytest.raises(UserError, match=r"^must have the columns of training, but lacks '3'\."):
        select_columns(row, ["3"], ())
