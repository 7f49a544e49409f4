"""The adding problem: sequences that are drawn, for networks that must remember.

dataset.py is what the rest of the package asks, adding.py draws the sequences and holds them.
"""
