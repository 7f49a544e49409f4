"""Parameters of a search space: what a strategy can draw, encode as numbers, and change by one step.

A parameter is a choice (choices.py), a number between two bounds (bounds.py) or a product (factors.py), and may be
active only while another has certain values (condition.py). Random numbers come from `random.Random`, whose stream is
the same on every machine and version of Python.
"""
