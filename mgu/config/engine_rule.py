"""Which engines cannot compute the layers of a layout: each kind of layout says it itself."""

from __future__ import annotations

from typing import NamedTuple


class EngineRule(NamedTuple):
    """Says which engines a layout refuses.

    Attributes:
        refused: The engines.
        legal: What is legal, as the words that follow "engine must be".
        where: What refuses them, as the words that follow.
    """

    refused: tuple[str, ...] = ()
    legal: str = ""
    where: str = ""


ANY = EngineRule()
WITHOUT_BLOCKS = EngineRule(("native",), "auto or eager", "for a layout without blocks")
