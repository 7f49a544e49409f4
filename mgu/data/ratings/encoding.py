"""From numbers of users and items to the pairs that a model scores, in torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.data.ratings.names import check_names
from mgu.results.on_disk.preprocessing import Pairs


class PairEncoding(nn.Module):
    """Pairs users with items; a pair with an unknown one becomes a pair with no item, which models score -inf.

    Args:
        pairs: The users and items of a run.

    Raises:
        UserError: Their names are those of an earlier version, and rounded.

    Shape:
        users: (B,) as int64, the number of each user, or -1 for one that training did not know.
        items: (B,) likewise.
        returns (B, 2) as int64.
    """

    def __init__(self, pairs: Pairs) -> None:
        super().__init__()
        check_names(pairs.users)
        check_names(pairs.items)
        self.no_item = len(pairs.items.names)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        is_known = (users >= 0) & (items >= 0)
        items = torch.where(is_known, items, self.no_item)
        return torch.stack([users.clamp(min=0), items], dim=1)  # (B, 2)
