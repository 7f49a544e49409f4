"""From configuration to objects: device and data of a run, its model and optimizer, a trained model from its folder.

`resolve` looks up what a configuration names, once; the `build_*` functions take the `ResolvedRun` that it returns.
engine.py checks how a unit is computed, compile.py compiles whole models ahead of training.
"""
