"""Prunes trained units: gates become constants, down to a plain network without gates.

`run_pruning` searches for gates to fix, fine-tunes, converts, exports and measures; `load_pruned` gives the chosen
network back. `prune_unit` and `prune` fix the gates of a unit or of a whole network, and `convert_network` folds batch
norms for inference.
"""
