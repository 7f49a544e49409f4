"""Multi Gated Units: one training run in place of a grid search. See README.md."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it: `python -m mgu` imports nothing before __main__.py has cleared the way
if TYPE_CHECKING:
    from typing import Any

    from mgu.data.splits import Splits as Splits
    from mgu.predict.model import load as load
    from mgu.results.frame import load_runs as load_runs
    from mgu.unit.unit import MultiGatedUnit as MultiGatedUnit

__version__ = "0.1.0"
__all__ = ["MultiGatedUnit", "Splits", "load", "load_runs"]


def __getattr__(name: str) -> Any:
    # torch and pandas take seconds to import; `mgu-run report` needs neither and must start at once.
    if name == "MultiGatedUnit":
        from mgu.unit.unit import MultiGatedUnit

        return MultiGatedUnit
    if name == "Splits":
        from mgu.data.splits import Splits

        return Splits
    if name == "load_runs":
        from mgu.results.frame import load_runs

        return load_runs
    if name == "load":
        from mgu.predict.model import load

        return load
    raise AttributeError(f"module 'mgu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
