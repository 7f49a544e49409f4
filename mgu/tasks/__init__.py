"""Tasks: a loss, its metrics, and the score that epochs are selected and runs are ranked by.

One training loop serves them all through the protocol in task.py. score.py imports no torch, for reports rank without
it.
"""
