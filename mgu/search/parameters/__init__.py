"""Parameters of a search space: what a strategy can draw, encode as numbers, and change by one step.

A parameter is a choice (choices.py), a number between two bounds (bounds.py) or a product (factors.py), and may be
active only while another has certain values (condition.py). Random numbers come from `random.Random`, whose stream is
the same on every machine and version of Python.
"""

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.factors import Factors

Parameter = Categorical | Ordinal | Int | Float | Factors

__all__ = ["Categorical", "Condition", "Factors", "Float", "Int", "Ordinal", "Parameter"]
