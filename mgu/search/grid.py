"""Grid search: every point of a union of grids, all at once."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.results.result import Result
from mgu.search.strategy import Grammar, Overrides, Space


class GridSearch:
    """Asks for every point of the space once and learns nothing from results.

    Every grid is expanded on its own and the points are joined, without duplicates. The command line narrows: layout=b
    replaces that axis in every grid; norm=ln, an axis of one grid only, leaves the others out; any other key, as
    seed=0,1,2, multiplies all.

    Args:
        space: The grids.
        arguments: Overrides of the command line.
        grammar: Reads overrides.

    Raises:
        UserError: No grid has all the axes that the command line names.
    """

    def __init__(self, space: Space, arguments: Sequence[str], grammar: Grammar) -> None:
        given = grammar.keys(arguments)
        points: dict[tuple[str, ...], None] = {}
        for axes in space.narrow(given):
            words = [f"{axis}={values}" for axis, values in axes.items() if axis not in given]
            points |= {tuple(point): None for point in grammar.expand([*words, *arguments])}
        self._left: list[Overrides] = [list(point) for point in points]

    def ask(self) -> list[Overrides]:
        """Returns all points at the first call, and none at the next."""
        asked, self._left = self._left, []
        return asked

    def tell(self, overrides: Overrides, result: Result | None) -> None:
        """Ignores the result, which no other point depends on."""
