"""Joins finished runs into ranked tables.

Runs of one model that differ only in their seed become a `Row`, rows of one experiment a ranked `Table`. Here are also
the rules by which a measured time or energy can be compared, the columns of the table, and the paper's own tables.
"""
