"""Where the configuration files are."""

from __future__ import annotations

from pathlib import Path


def conf_dir() -> Path:
    """The configuration files: beside this file in an installed wheel, at the top of a checkout."""
    packaged = Path(__file__).parents[1] / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "conf"
