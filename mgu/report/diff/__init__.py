"""Compares two runs, or two folders of runs: keys, scores, size, cost, environment and data."""

from mgu.report.diff.compare_sides import Diff, diff
from mgu.report.diff.side import Side, read_side

__all__ = ["Diff", "Side", "diff", "read_side"]
