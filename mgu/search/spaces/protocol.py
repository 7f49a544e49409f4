"""How the runs of a space are trained where the command line and the experiment leave it open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError
from mgu.search.space import write_word
from mgu.search.spaces.context import SpaceContext


def protocol_overrides(settings: Mapping[str, Any], context: SpaceContext) -> tuple[str, ...]:
    """Returns the overrides of `space.protocol` whose keys nobody has set.

    Args:
        settings: `space.*`; its protocol has values by key.
        context: The command line. An experiment sets everything; a unit learns the norm; data without a choice of
            splits have none.

    Raises:
        UserError: The protocol is no mapping.
    """
    protocol = settings.get("protocol") or {}
    if not isinstance(protocol, Mapping):
        raise UserError(f"space.protocol must be values by key, but got {protocol!r}. Leave it out for none.")
    given = set(context.grammar.keys(context.overrides))
    if "experiment" in given:
        return ()
    without = {"norm", "residual"} if "mgu" in given else set[str]()
    if (context.values.get("dataset") or {}).get("split") != "paper":
        without.add("dataset.split")
    return tuple(f"{key}={write_word(value)}" for key, value in protocol.items() if key not in given | without)
