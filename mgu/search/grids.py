"""A union of grids, which is what a sweep without `search` trains: for baselines have axes that units do not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from mgu.errors import UserError

Overrides = list[str]  # of one run, as on the command line: ["layout=digits_2", "norm=ln"]


class Grammar(Protocol):
    """Reads overrides of the command line, as Hydra's grammar defines them."""

    def keys(self, overrides: Sequence[str]) -> list[str]:
        """Returns the key or the configuration group of each override."""

    def expand(self, overrides: Sequence[str]) -> list[Overrides]:
        """Returns the product of all values, as [["norm=ln"], ["norm=no_norm"]] for ["norm=ln,no_norm"]."""


class Grids(NamedTuple):
    """Holds a union of grids.

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


def expand_grids(grids: Grids, arguments: Sequence[str], grammar: Grammar) -> list[Overrides]:
    """Returns every point of a union of grids once: what a grid search trains, all at once.

    Every grid is expanded on its own and the points are joined, without duplicates. The command line narrows: layout=b
    replaces that axis in every grid; norm=ln, an axis of one grid only, leaves the others out; any other key, as
    seed=0,1,2, multiplies all.

    Args:
        grids: The grids.
        arguments: Overrides of the command line.
        grammar: Reads overrides.

    Returns:
        The overrides of each run.

    Raises:
        UserError: No grid has all the axes that the command line names.
    """
    given = grammar.keys(arguments)
    points: dict[tuple[str, ...], None] = {}
    for axes in grids.narrow(given):
        of_axes = [f"{axis}={values}" for axis, values in axes.items() if axis not in given]
        points |= {tuple(point): None for point in grammar.expand([*of_axes, *arguments])}
    return [list(point) for point in points]


def _keys_and_groups(axes: Mapping[str, str]) -> set[str]:
    return {name for axis in axes for name in (axis, axis.partition(".")[0])}
