"""The schema of result.json: result.py is the whole, the other files are its sections.

replicate.py holds what tells repetitions of one model apart, stored_config.py reads the configuration of a result, and
upgrade.py brings results of earlier versions up to this one.
"""
