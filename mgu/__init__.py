"""Multi Gated Units: one training run in place of a grid search. See README.md."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it: `python -m mgu` imports nothing before __main__.py has cleared the way
if TYPE_CHECKING:
    from typing import Any

    from mgu.data.splits import Splits as Splits
    from mgu.predict.model import load as load
    from mgu.results.runs.frame import load_runs as load_runs
    from mgu.unit.unit import MultiGatedUnit as MultiGatedUnit

__version__ = "0.1.0"
__all__ = ["MultiGatedUnit", "Splits", "load", "load_runs"]


# torch and pandas take seconds to import; `mgu-run report` needs neither and must start at once.
_MODULES = {
    "MultiGatedUnit": "unit.unit",
    "Splits": "data.splits",
    "load": "predict.model",
    "load_runs": "results.runs.frame",
}


def __getattr__(name: str) -> Any:
    """Imports a name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'mgu' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"mgu.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
