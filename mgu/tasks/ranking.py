"""Ranking of many items, one of which was chosen."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.tasks.score import SCORES

CUT = 10  # the k of recall@k and NDCG@k


class Ranking:
    """Computes softmax cross-entropy over candidates, and recall@10 and NDCG@10 of the chosen item among all items.

    Metrics are computed only where all items compete, not among those that training samples (which mgu/train/step.py
    does not have counted, as many as they may be), for sampled metrics are biased (Krichene and Rendle 2020,
    https://doi.org/10.1145/3394486.3403226). Nor can the two losses be compared.

    Args:
        num_items: How many items there are.
    """

    score = SCORES["ranking"]

    def __init__(self, num_items: int) -> None:
        self.num_items = num_items

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the mean cross-entropy, in nats, of scores (B, M), -inf for no candidate, and choices (B,)."""
        return F.cross_entropy(outputs, targets)

    def totals(self, device: torch.device | None = None) -> Tensor:
        """Returns empty sums (3,): examples, hits, discounted gains."""
        is_mps = device is not None and device.type == "mps"  # which has no float64
        return torch.zeros(3, device=device, dtype=torch.float32 if is_mps else torch.float64)

    def count(self, totals: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Adds a batch that ranks all items to `totals` in place; ties and NaN count as lost."""
        if outputs.shape[1] != self.num_items:
            return
        chosen = outputs.gather(1, targets[:, None])
        rank = self.num_items - (outputs < chosen).sum(dim=1)  # (B,), from 1
        hit = (rank <= CUT).to(totals.dtype)
        gain = hit / torch.log2(rank.to(totals.dtype) + 1)  # the ideal gain of one relevant item is 1
        totals.add_(torch.stack([torch.ones_like(hit).sum(), hit.sum(), gain.sum()]))

    def metrics(self, totals: Tensor) -> dict[str, float]:
        """Returns means over the ranked examples, in 0..1; an empty dict where there are none."""
        count, hits, gains = totals.tolist()
        return {"ndcg_at_10": gains / count, "recall_at_10": hits / count} if count else {}
