"""The location of the configuration files, for the commands."""

from mgu.results.conf import conf_dir

__all__ = ["conf_dir"]
