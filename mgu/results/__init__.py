"""What the parent and the child process share on disk: the files of a run, and all that finds and reads them.

schema/ says what result.json holds, on_disk/ reads and writes the folder of one run, compare/ tells in what runs
differ, runs/ finds, loads and packs many of them. events.py has what a run sends while it trains. Imports no torch.
"""
