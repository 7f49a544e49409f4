"""Many runs: find.py finds them by name, load.py reads their results, frame.py makes a table of them.

pack.py and pack_runs.py keep finished runs in one small file, with the searches of their experiments, which searches.py
finds, pack_searches.py adds and search_folders.py lists without copies. starts.py follows runs that start from
another's weights, which pretrained.py and source_rows.py check.
"""
