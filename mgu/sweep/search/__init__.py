"""Searches: workers that ask a study for a trial, train it, and tell what it brought, until the budget is spent.

worker.py is one worker, drive.py lets several of them work in one process. They share the study's folder, so that
workers in other processes, or on other machines, may work beside them. Imports no torch.
"""
