"""Hydra imports every module of hydra_plugins when it starts: here the help of `mgu-run` becomes known to it."""

from mgu.cli.help import register_help

register_help()
