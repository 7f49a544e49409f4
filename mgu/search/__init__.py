"""Search: which configurations are trained next, by what is known of those before.

parameters/ and space.py say what can be tried, strategy.py how a strategy is asked; a strategy is a file in
strategies/ and its line in STRATEGIES there. grids.py expands a union of grids, which is what a sweep without `search`
trains. Imports no torch and no Hydra when it is imported.
"""

from mgu.search.grids import Grammar, Grids, Overrides, expand_grids
from mgu.search.parameters import Categorical, Condition, Factors, Float, Int, Ordinal, Parameter
from mgu.search.space import Key, Point, Space
from mgu.search.strategy import Cost, Measured, MultiFidelityStrategy, Proposal, Strategy, Trial, generator_for

__all__ = [
    "Categorical",
    "Condition",
    "Cost",
    "Factors",
    "Float",
    "Grammar",
    "Grids",
    "Int",
    "Key",
    "Measured",
    "MultiFidelityStrategy",
    "Ordinal",
    "Overrides",
    "Parameter",
    "Point",
    "Proposal",
    "Space",
    "Strategy",
    "Trial",
    "expand_grids",
    "generator_for",
]
