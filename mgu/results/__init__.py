"""What a run leaves on disk, and all that is needed to find and read it: shared by parent and child process.

result.py is the schema of result.json, folder.py the state and lock of a run's folder, files.py writes atomically,
find.py and load.py find runs again. Imports no torch.
"""
