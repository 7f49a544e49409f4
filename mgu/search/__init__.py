"""Search strategies: they choose which configurations are trained next, by one ask-and-tell interface.

strategy.py is the interface and the space that is searched, grid.py is grid search. To add a strategy is to add a file
here and its line to STRATEGIES; `hydra.sweeper.strategy` chooses by that name. Imports no torch and no Hydra.
"""

from mgu.search.grid import GridSearch
from mgu.search.strategy import Grammar, Overrides, Space, Strategy

__all__ = ["STRATEGIES", "Grammar", "GridSearch", "Overrides", "Space", "Strategy"]

STRATEGIES: dict[str, type[Strategy]] = {"grid": GridSearch}
