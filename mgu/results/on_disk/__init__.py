"""The folder of one run: file_names.py lists its files, folder.py tells its state and locks it.

files.py writes atomically, sealed.py keeps and checks checksums, record.py writes what a run ends with, and
result_file.py reads it.
"""
