"""What is to be ranked: for each interaction, the item that was chosen among items that were not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Candidates:
    """Interactions (N, 2) of user and item; `seen` (U, I) says which items a user knew before.

    Items that the user knew are no candidates: they come as number I, which is no item, and models score them -inf.
    num_sampled: how many others each one is compared with, drawn anew for every batch from torch's generator; None
    compares with all items.
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
        num_items = self.seen.shape[1]
        if self.num_sampled is None:
            candidates = torch.arange(num_items, device=self.device).expand(len(items), -1)
            chosen = items
        else:
            others = torch.randint(num_items, (len(items), self.num_sampled), device=self.device)
            candidates = torch.cat([items[:, None], others], dim=1)
            chosen = torch.zeros_like(items)
        is_known = self.seen[users[:, None], candidates].scatter(1, chosen[:, None], value=False)
        candidates = candidates.masked_fill(is_known, num_items)
        return torch.stack([users[:, None].expand_as(candidates), candidates], dim=2), chosen

    def to(self, device: torch.device) -> Candidates:
        return replace(self, pairs=self.pairs.to(device), seen=self.seen.to(device))

    def subset(self, index: Tensor) -> Candidates:
        return replace(self, pairs=self.pairs[index])
