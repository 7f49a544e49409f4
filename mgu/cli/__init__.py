"""The command `mgu-run`: one module for each sub-command, and what they share.

main.py dispatches; train.py is the only file that calls hydra.main; hydra_errors.py puts Hydra's messages into the
form of our own. Importing this package imports neither Hydra nor torch.
"""
