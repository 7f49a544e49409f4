"""Candidates for ranking: for each interaction, the item that was chosen among items that were not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Candidates:
    """Holds interactions, and gives batches of each with the items that it is compared with.

    Items are sampled anew for every batch from torch's generator, uniformly among those that the user did not know.
    Where all items are compared, those that the user knew are given as number I, which is no item; models score it
    -inf. Sampled candidates never include it, for a batch norm would count it in its statistics.

    Attributes:
        pairs: User and item of each interaction (N, 2).
        seen: Which items each user knew before (U, I).
        num_sampled: How many other items each interaction is compared with; None for all.
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
        """Returns pairs (B, M, 2) of a user and each candidate, and which of the M was chosen (B,).

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
        """Samples items (B, number) that each of `users` (B,) did not know; number I for a user who knew them all."""
        places = (~self.seen[users]).cumsum(dim=1)  # of an item among the unknown ones, from 1
        counts = places[:, -1:]
        drawn = (torch.rand(len(users), number, device=self.device) * counts).long()
        return torch.searchsorted(places, drawn.minimum((counts - 1).clamp(min=0)) + 1)

    def to(self, device: torch.device) -> Candidates:
        """Returns the same interactions on `device`."""
        return replace(self, pairs=self.pairs.to(device), seen=self.seen.to(device))

    def subset(self, index: Tensor) -> Candidates:
        """Returns the interactions at `index`."""
        return replace(self, pairs=self.pairs[index])
