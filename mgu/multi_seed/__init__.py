"""Several runs that differ in their seed only, trained in lockstep by one process.

Their forward and backward passes are one pass over stacked models; everything else stays each run's own.
"""
