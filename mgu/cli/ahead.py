"""Starts the server of the training processes before the configuration is composed: to import torch takes longer."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.isolation import PRELOAD_ENERGY, start_server

TRAINS = ("-m", "--multirun", "--config-dir", "-cd")  # any other option of Hydra's may show something instead


def start_ahead(arguments: Sequence[str], modules: Sequence[str]) -> None:
    """Starts the server, if the command seems to need it; it ends with the command.

    Args:
        arguments: Arguments of the command line.
        modules: What it is to import beside torch.
    """
    options = [word.partition("=")[0] for word in arguments if word.startswith("-")]
    if any(option not in TRAINS for option in options):
        return
    if any(word.startswith(("energy=", "energy.enabled=")) for word in arguments):  # maybe another meter, or none
        modules = [name for name in modules if name != PRELOAD_ENERGY]
    start_server(*modules)
