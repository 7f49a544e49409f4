"""Search strategies: they choose which configurations are trained next, by one ask-and-tell interface.

strategy.py is the interface and the space that is searched, grid.py is grid search. To add a strategy is to add a file
here and to name it in hydra_plugins/mgu_sweeper, which trains what it asks for. Imports no torch and no Hydra.
"""

from mgu.search.grid import GridSearch
from mgu.search.strategy import Grammar, Overrides, Space, Strategy

__all__ = ["Grammar", "GridSearch", "Overrides", "Space", "Strategy"]
