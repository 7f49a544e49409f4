"""Tables in memory that do not fit are told by what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mgu.errors import UserError
from mgu.predict.table_files import select_columns


def test_a_column_that_is_there_twice_is_named() -> None:
    frame = pd.DataFrame(np.zeros((300, 3)), columns=["size", "price", "size"])
    table = {str(name): frame[name] for name in frame.columns}
    with pytest.raises(UserError, match=r"^must have column 'size' once, but has it 2 times\. Drop"):
        select_columns(table, ["price", "size"], ())
    assert select_columns(table, ["price"], ()).rows == list(range(1, 301))  # the other is not asked for
