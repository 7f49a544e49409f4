"""Runs that differ in their seed only, trained in lockstep by one process.

Their forward and backward passes are one pass over stacked models; everything else stays each run's own.
Start with lockstep.py (the scheduler), then slot.py (one run in it), network.py and blocks.py (the stacked pass).
"""
