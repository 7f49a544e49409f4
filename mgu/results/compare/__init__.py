"""In what runs differ: axes.py has the keys in which those of an experiment do, and with them their names.

differences.py compares two runs, same_data.py tells whether they were trained on the same data, and rows.py names
the settings that decide it.
"""
