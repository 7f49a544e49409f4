"""`mgu-run serve`: the report of a runs folder as a page that follows what is trained, for this machine only.

scan.py finds the states of runs by their files, locks.py tells which of them a process holds, summary.py says how far
they are, renderer.py keeps the report, server.py answers browsers. Imports no torch.
"""
