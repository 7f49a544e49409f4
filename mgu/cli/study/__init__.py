"""Studies of a search on the command line: composed, planned, run or replayed; `mgu-run search=...`.

studies.py composes what a study searches and starts from, trial_configs.py the configuration of each trial. run.py
trains, plan.py estimates, replay.py asks recorded runs; check_told.py and first_files.py check before the first trial.
"""
