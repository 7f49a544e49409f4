"""What cannot compute the layers of a layout, engines or CUDA graphs: each kind of layout says it itself."""

from __future__ import annotations

from typing import NamedTuple


class EngineRule(NamedTuple):
    """Says which engines a layout refuses, and whether a training step can be a CUDA graph.

    Attributes:
        refused: The engines.
        legal: What is legal, as the words that follow "engine must be".
        where: What refuses them, as the words that follow.
        graph_obstacle: Why a step of it cannot be a CUDA graph, as a clause after its name; empty: it can.
    """

    refused: tuple[str, ...] = ()
    legal: str = ""
    where: str = ""
    graph_obstacle: str = ""


ANY = EngineRule()
WITHOUT_BLOCKS = EngineRule(("native",), "auto or eager", "for a layout without blocks")
ITERATIVE = WITHOUT_BLOCKS._replace(graph_obstacle="whose iteration ends by its residual")
