"""What is to be ranked: for each interaction, the item that was chosen among items that were not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Candidates:
    """Interactions (N, 2) of user and item; `seen` (U, I) says which items a user knew before.

    num_sampled: how many others each one is compared with, drawn anew for every batch from torch's generator, evenly
    among the items that the user did not know; None compares with all items, of which those that the user knew come as
    number I, which is no item, and models score them -inf. None such comes where others are drawn: a batch norm would
    take it into its statistics.
    """

    pairs: Tensor
    seen: Tensor
    num_sampled: int | None = None

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def device(self) -> torch.device:
        return self.pairs.device

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Pairs (B, M, 2) of a user and each candidate, and which of the M was chosen (B,).

        M is I, in order, or 1 + num_sampled with the chosen one first.
        """
        users, items = self.pairs[index].unbind(dim=1)
        if self.num_sampled is not None:
            candidates = torch.cat([items[:, None], self._draw(users, self.num_sampled)], dim=1)
            return torch.stack([users[:, None].expand_as(candidates), candidates], dim=2), torch.zeros_like(items)
        num_items = self.seen.shape[1]
        everything = torch.arange(num_items, device=self.device).expand(len(items), -1)
        is_known = self.seen[users].scatter(1, items[:, None], value=False)
        candidates = everything.masked_fill(is_known, num_items)
        return torch.stack([users[:, None].expand_as(candidates), candidates], dim=2), items

    def _draw(self, users: Tensor, number: int) -> Tensor:
        """Items (B, number) that each of `users` (B,) did not know; number I, for one who knew them all."""
        places = (~self.seen[users]).cumsum(dim=1)  # of an item among the unknown ones, from 1
        counts = places[:, -1:]
        drawn = (torch.rand(len(users), number, device=self.device) * counts).long()
        return torch.searchsorted(places, drawn.minimum((counts - 1).clamp(min=0)) + 1)

    def to(self, device: torch.device) -> Candidates:
        return replace(self, pairs=self.pairs.to(device), seen=self.seen.to(device))

    def subset(self, index: Tensor) -> Candidates:
        return replace(self, pairs=self.pairs[index])
