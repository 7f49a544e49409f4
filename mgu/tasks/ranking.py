"""Ranking: which of many items was chosen?"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.tasks.score import SCORES

CUT = 10  # places that are looked at


class Ranking:
    """Softmax cross-entropy over the candidates; recall@10 and NDCG@10 of one chosen item among all.

    Metrics are counted where all `num_items` compete, not among the few that training draws: those would flatter
    (Krichene and Rendle 2020). Losses of the two are not to be compared either.
    """

    score = SCORES["ranking"]

    def __init__(self, num_items: int) -> None:
        self.num_items = num_items

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats of scores (B, M), -inf for what is no candidate, and the chosen ones (B,)."""
        return F.cross_entropy(outputs, targets)

    def totals(self, device: torch.device | None = None) -> Tensor:
        """Sums of nothing (3,): number, hits, discounted gains."""
        is_mps = device is not None and device.type == "mps"  # which has no float64
        return torch.zeros(3, device=device, dtype=torch.float32 if is_mps else torch.float64)

    def count(self, totals: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch, if it ranks all items, to `totals`, in place; a tie is lost, and so is what is no number."""
        if outputs.shape[1] != self.num_items:
            return
        chosen = outputs.gather(1, targets[:, None])
        rank = self.num_items - (outputs < chosen).sum(dim=1)  # (B,), from 1
        hit = (rank <= CUT).to(totals.dtype)
        gain = hit / torch.log2(rank.to(totals.dtype) + 1)  # the ideal gain of one relevant item is 1
        totals.add_(torch.stack([torch.ones_like(hit).sum(), hit.sum(), gain.sum()]))

    def metrics(self, totals: Tensor) -> dict[str, float]:
        """Means over what was ranked, in 0..1; none where nothing was."""
        count, hits, gains = totals.tolist()
        return {"ndcg_at_10": gains / count, "recall_at_10": hits / count} if count else {}
