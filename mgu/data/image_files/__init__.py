"""Image files of the user's: found, checked, decoded once for all runs and kept in a cache, whatever lists them.

walk.py and csv_rows.py read folders and tables, digests.py and survey.py look at files, decode.py makes pixels of them,
cache.py and decoded.py keep these, split.py assigns groups of images to splits, describe.py says what was found.
"""
