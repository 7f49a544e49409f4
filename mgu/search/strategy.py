"""The ask-and-tell interface of search strategies, and the space that they search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from mgu.errors import UserError
from mgu.results.result import Result

Overrides = list[str]  # of one run, as on the command line: ["layout=digits_2", "norm=ln"]


class Strategy(Protocol):
    """Chooses which configurations a search trains, by the ask-and-tell interface.

    The caller asks, trains all that it is given, tells every result, and asks again, until nothing is asked for.

    Args:
        space: The grids.
        arguments: Overrides of the command line, which narrow them.
        grammar: Reads overrides.
    """

    def __init__(self, space: Space, arguments: Sequence[str], grammar: Grammar) -> None: ...

    def ask(self) -> list[Overrides]:
        """Returns the configurations to train next; an empty list ends the search."""

    def tell(self, overrides: Overrides, result: Result | None) -> None:
        """Records the result of a configuration.

        Args:
            overrides: The configuration, as it was asked for.
            result: Its result, also of a run that failed; None where a launcher's worker was killed before it left one.
        """


class Grammar(Protocol):
    """Reads overrides of the command line, as Hydra's grammar defines them."""

    def keys(self, overrides: Sequence[str]) -> list[str]:
        """Returns the key or the configuration group of each override."""

    def expand(self, overrides: Sequence[str]) -> list[Overrides]:
        """Returns the product of all values, as [["norm=ln"], ["norm=no_norm"]] for ["norm=ln,no_norm"]."""


class Space(NamedTuple):
    """Holds what is searched: a union of grids, for baselines have axes that units do not have.

    Attributes:
        grids: Values of each axis in Hydra's grammar, by the name of the grid and the axis. Without grids, the command
            line alone says what is searched.
    """

    grids: Mapping[str, Mapping[str, str]]

    def narrow(self, given: Sequence[str]) -> list[Mapping[str, str]]:
        """Returns the grids that have every axis named on the command line.

        Args:
            given: Keys of the command line. A key inside a group that is an axis names that axis, as norm.eps names
                norm; a key that is an axis of no grid narrows none.

        Raises:
            UserError: No grid has all of them.
        """
        if not self.grids:
            return [{}]
        everywhere = {axis for axes in self.grids.values() for axis in axes}
        named = {axis for key in given for axis in (key, key.partition(".")[0]) if axis in everywhere}
        chosen = [axes for axes in self.grids.values() if named <= _keys_and_groups(axes)]
        if not chosen:
            raise UserError(
                f"one grid must have all the axes {', '.join(sorted(named))}, "
                f"but none of {', '.join(self.grids)} does. Sweep them one after the other."
            )
        return chosen


def _keys_and_groups(axes: Mapping[str, str]) -> set[str]:
    return {name for axis in axes for name in (axis, axis.partition(".")[0])}
