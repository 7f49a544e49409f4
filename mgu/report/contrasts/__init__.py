"""Answers to questions about a ranking other than the verdict's: by a key, against a row, between two rows.

They put the samples of `stats` to the same tests as the verdict does. Where there is no unit or no baseline, and so no
verdict, the best row is compared with the others.
"""
