"""What a space may be built from beside its own settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mgu.search.grids import Grammar, Grids


class SpaceContext(NamedTuple):
    """Holds what the command line says beside `space` and `search`.

    Attributes:
        grids: The grids of the experiment, as they are swept without a search.
        overrides: Those that are no setting of the search itself.
        grammar: Reads overrides.
        values: The composed configuration that the search starts from, by key; overrides with several values are not
            applied in it.
    """

    grids: Grids
    overrides: Sequence[str]
    grammar: Grammar
    values: Mapping[str, Any]
