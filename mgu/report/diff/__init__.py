"""Compares two runs, or two folders of runs: keys, scores, size, cost, environment and data."""
