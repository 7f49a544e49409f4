"""The command `mgu-run`: one module for each sub-command, and what they share.

main.py dispatches; train.py is the only file that calls hydra.main; compose.py turns what Hydra composes into a checked
RunConfig; hydra_errors.py translates error messages of Hydra. Importing this package imports neither Hydra nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mgu.cli.compose import read_config as read_config
    from mgu.cli.compose import read_jobs as read_jobs
    from mgu.cli.conf import conf_dir as conf_dir
    from mgu.cli.hydra_errors import translate_error as translate_error

_HOMES = {
    "conf_dir": "conf",
    "read_config": "compose",
    "read_jobs": "compose",
    "translate_error": "hydra_errors",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    # Hydra takes half a second to import, which `mgu-run report` need not wait for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
