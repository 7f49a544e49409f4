"""Multi Gated Units: one training run in place of a grid search. See README.md."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it: `python -m mgu` imports nothing before __main__.py has cleared the way
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from mgu.data.splits import Splits as Splits
    from mgu.predict.model import load as load
    from mgu.results.frame import load_runs as load_runs
    from mgu.unit.unit import MultiGatedUnit as MultiGatedUnit

__version__ = "0.1.0"
__all__ = ["MultiGatedUnit", "Splits", "load", "load_runs"]


def import_on_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Returns the `__getattr__` of a package that imports its names when they are first used (PEP 562).

    Args:
        package: Name of the package.
        homes: The module of each name, relative to the package.

    Returns:
        The function, which raises AttributeError for any other name.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return find


# torch and pandas take seconds to import; `mgu-run report` needs neither and must start at once.
__getattr__ = import_on_first_use(
    __name__,
    {
        "MultiGatedUnit": "unit.unit",
        "Splits": "data.splits",
        "load": "predict.model",
        "load_runs": "results.frame",
    },
)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
