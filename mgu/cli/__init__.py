"""The command `mgu-run`: one module for each sub-command, and what they share.

main.py dispatches; train.py is the only file that calls hydra.main; compose.py turns what Hydra composes into a checked
RunConfig; hydra_errors.py translates error messages of Hydra. study/ has what `search=...` adds. Importing
this package imports neither Hydra nor torch.
"""
