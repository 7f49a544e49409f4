"""Tables: UCI Adult, and CSV or Parquet files of the user's own.

dataset.py is the kind of data; files.py reads and columns.py checks a file, table.py splits and encodes it.
"""

from mgu.data.tables.dataset import TableDataset

__all__ = ["TableDataset"]
