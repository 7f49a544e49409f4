"""The location of the configuration files."""

from __future__ import annotations

from pathlib import Path


def conf_dir() -> Path:
    """Finds the configuration files.

    Returns:
        conf/ in the package, if that is installed from a wheel, else conf/ at the top of the checkout.
    """
    packaged = Path(__file__).parents[1] / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "conf"
