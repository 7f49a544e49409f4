"""The command `mgu-run`: one module for each sub-command, and what they share.

main.py dispatches; train.py is the only file that calls hydra.main; compose.py turns what Hydra composes into a checked
RunConfig; hydra_errors.py translates error messages of Hydra. Importing this package imports neither Hydra nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.cli.compose import read_config as read_config
    from mgu.cli.compose import read_jobs as read_jobs
    from mgu.cli.hydra_errors import translate_error as translate_error

_HOMES = {
    "read_config": "compose",
    "read_jobs": "compose",
    "translate_error": "hydra_errors",
}
__all__ = list(_HOMES)

# Hydra takes half a second to import, which `mgu-run report` need not wait for.
__getattr__ = import_on_first_use(__name__, _HOMES)
