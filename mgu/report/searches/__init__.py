"""Searches at equal cost: what each strategy had found after the same seconds, beside the unit at its own cost.

load.py reads the studies of an experiment, variants.py groups those that differ in their seed only, contender.py is
such a group, and equal_cost.py holds them all beside the unit of unit_cost.py. against_random.py compares them,
closed_form.py computes what random search finds in expectation, sentences.py says it, and
mgu/report/figures/anytime.py draws it.
"""
