"""Search: which configurations are trained next, by what is known of those before.

parameters/ and space.py say what can be tried, strategy.py how a strategy is asked; a strategy is a file in
strategies/ and its line in STRATEGIES there. grids.py expands a union of grids, which is what a sweep without `search`
trains. Imports no torch and no Hydra when it is imported.
"""
