"""Tables: UCI Adult, and CSV or Parquet files of the user's own.

dataset.py is the kind of data; files.py reads a file, target.py and columns.py check it, table.py splits and encodes.
extremes.py, disguises.py and copies.py look for what makes a score say less than it seems to.
"""
