"""Studies as a journal file of Optuna's, for its plots, its dashboard and whatever else reads its studies.

distributions.py has the parameters, dates.py the times, trials.py the trials, journal.py the file. Optuna is imported
where it is used.
"""
