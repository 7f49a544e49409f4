"""Data: what a run trains on, one folder a kind of data, and one class in it that says all about the kind.

datasets.py lists the kinds, dataset.py says what each must answer, splits.py what the training loop asks of examples.
The classes of the kinds import no torch, for the parent process resolves the user's files.
"""
