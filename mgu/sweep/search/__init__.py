"""Searches: workers that ask a study for a trial, train it, and tell what it brought, until the budget is spent.

worker.py is one worker, drive.py lets several of them work in one process. They share the study's folder, so that
workers in other processes, or on other machines, may work beside them. Imports no torch.
"""

from mgu.sweep.search.study_run import Search, prepare, run_study, work_apart

__all__ = ["Search", "prepare", "run_study", "work_apart"]
