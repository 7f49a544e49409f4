"""Predictions of a finished run for new files, arrays and tables, without its training data.

model.py is what `mgu.load` returns; image_files.py, rows.py, pairs.py and arrays.py read examples and name what is
wrong with them; answers.py says what outputs mean, and writing.py writes CSV and JSON.
"""
