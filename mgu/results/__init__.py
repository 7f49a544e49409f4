"""The files of a run, and all that finds and reads them: shared by the parent and the child process.

file_names.py lists the files of a run, result.py is the schema of result.json, result_file.py reads it, events.py
what a run sends while it trains, folder.py the state and lock of a run, files.py writes atomically, find.py and
load.py find runs. Imports no torch.
"""
