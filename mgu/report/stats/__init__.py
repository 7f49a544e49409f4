"""Statistics of a ranked table.

Paired tests of a unit against every baseline over seeds and images, Holm's correction, the verdict in words, the power
to decide, the optimism of a selected winner, the expected best-so-far of a grid search, and the replication of the
paper's ranking.
"""
