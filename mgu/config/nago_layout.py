"""The layout of networks that NAGO generates: eight numbers, a seed of the graphs, and a limit of the size."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mgu.config.engine_rule import ANY, EngineRule
from mgu.config.fields import BelowOne, ConfigModel, Count, Name
from mgu.config.identity import NOT_IDENTITY
from mgu.graphs.generator import Generator

Nodes = Annotated[int, Field(ge=1, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Joined = Annotated[float, Field(gt=0, le=1)]
Neighbours = Annotated[int, Field(ge=2, le=100)]


class NagoLayoutConfig(ConfigModel):
    """Configures three nested random graphs of 3x3 convolutions, see docs/method/nago.md."""

    engine_rule: ClassVar[EngineRule] = ANY

    name: Annotated[Name, NOT_IDENTITY] = Field(description="Name of the layout: that of its YAML file.")
    top_nodes: Nodes = Field(description="Cells, the nodes of a Watts-Strogatz graph.")
    top_neighbours: Neighbours = Field(description="Neighbours of a cell in its ring; half of them on either side.")
    top_rewired: Share = Field(description="Share of the edges between cells that are rewired at random.")
    mid_nodes: Nodes = Field(description="Nodes of the Erdos-Renyi graph of a cell.")
    mid_joined: Joined = Field(description="Probability with which two nodes of a cell are joined.")
    bottom_nodes: Nodes = Field(description="Convolutions of a node of a cell, in a Watts-Strogatz graph.")
    bottom_neighbours: Neighbours = Field(description="Neighbours of a convolution in its ring.")
    bottom_rewired: Share = Field(description="Share of the edges between convolutions that are rewired at random.")
    graph_seed: int = Field(ge=0, lt=2**63, description="Seed of the graphs, apart from that of the weights.")
    max_params: Count = Field(description="Largest number of parameters; the network is as wide as that allows.")
    channel_step: Annotated[int, Field(ge=1, le=1024)] = Field(description="What all numbers of channels divide by.")
    head: Count | None = Field(description="Channels before the read-out; null: 16 times those of the first stage.")
    dropout: BelowOne = Field(description="Share of the features that dropout zeroes before the read-out.")

    @property
    def generator(self) -> Generator:
        """The numbers that the graphs are drawn from."""
        return Generator(**{name: getattr(self, name) for name in Generator._fields})

    @property
    def as_list(self) -> str:
        """The numbers of the three levels; the paper has a notation for convolutions only."""
        top = f"[{self.top_nodes}, {self.top_neighbours}, {self.top_rewired:.3g}]"
        mid = f"[{self.mid_nodes}, {self.mid_joined:.3g}]"
        return f"nago {top} {mid} [{self.bottom_nodes}, {self.bottom_neighbours}, {self.bottom_rewired:.3g}]"
