"""The schema of a run: every value that can be configured, its rule, and the checks across values.

The YAML files in conf/ hold the values, this package the rules: plain pydantic models. It imports neither torch nor
Hydra, so that a whole sweep can be checked before anything heavy starts.
"""
