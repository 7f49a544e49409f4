"""Models of a user and an item: dense layers over embeddings and features, and the two baselines of the field.

All take pairs (*, 2) of user and item as numbers and give scores (*); item number I is no item and scores -inf.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING_STD = 0.05


class Recommender(nn.Module):
    """Embeddings and features of user and item, one after the other, through `network` (He et al. 2017, its MLP).

    network: (N, num_inputs) to (N, 1). trained: which users and items training has; the others' embeddings are zero,
    so that their features speak for them.
    """

    user_features: Tensor
    item_features: Tensor

    def __init__(
        self,
        network: nn.Module,
        embedding_size: int,
        user_features: Tensor,
        item_features: Tensor,
        trained: tuple[Tensor, Tensor],
    ) -> None:
        super().__init__()
        self.user_embedding = embedding(trained[0], embedding_size)
        self.item_embedding = embedding(with_no_item(trained[1]), embedding_size)
        device = self.user_embedding.weight.device
        # Not persistent: they are of the data, not learned.
        self.register_buffer("user_features", user_features.to(device), persistent=False)
        self.register_buffer(
            "item_features", nn.functional.pad(item_features, (0, 0, 0, 1)).to(device), persistent=False
        )
        self.network = network

    @staticmethod
    def num_inputs(embedding_size: int, user_features: Tensor, item_features: Tensor) -> int:
        """Of the network."""
        return 2 * embedding_size + user_features.shape[1] + item_features.shape[1]

    def forward(self, pairs: Tensor) -> Tensor:
        users, items = pairs.flatten(end_dim=-2).unbind(dim=1)  # (N,)
        parts = (
            self.user_embedding(users),
            self.item_embedding(items),
            self.user_features[users],
            self.item_features[items],
        )
        scores = self.network(torch.cat(parts, dim=1)).view(pairs.shape[:-1])
        return hide_no_item(scores, pairs, len(self.item_features) - 1)


class Factorisation(nn.Module):
    """Biased matrix factorisation (Koren, Bell and Volinsky 2009): bias + user + item + <p_user, q_item>.

    Without a penalty: early stopping is all that regularises it. trained: as for Recommender.
    """

    def __init__(self, num_factors: int, trained: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        users, items = trained[0], with_no_item(trained[1])
        self.user_bias, self.item_bias = embedding(users, 1), embedding(items, 1)
        self.user_factors, self.item_factors = embedding(users, num_factors), embedding(items, num_factors)

    def forward(self, pairs: Tensor) -> Tensor:
        users, items = pairs.unbind(dim=-1)
        biases = self.bias + self.user_bias(users).squeeze(-1) + self.item_bias(items).squeeze(-1)
        scores = biases + (self.user_factors(users) * self.item_factors(items)).sum(dim=-1)
        return hide_no_item(scores, pairs, self.item_bias.num_embeddings - 1)


class Popularity(nn.Module):
    """How often training has an item, whoever asks: nothing is learned. counts: (I,)."""

    counts: Tensor

    def __init__(self, counts: Tensor) -> None:
        super().__init__()
        self.register_buffer("counts", counts.float())

    def forward(self, pairs: Tensor) -> Tensor:
        items = pairs[..., 1]
        return hide_no_item(self.counts[items.clamp(max=len(self.counts) - 1)], pairs, len(self.counts))


def embedding(trained: Tensor, size: int) -> nn.Embedding:
    """A vector for each of `trained` (N,); zero where training has none."""
    table = nn.Embedding(len(trained), size)
    nn.init.normal_(table.weight, std=EMBEDDING_STD)
    with torch.no_grad():
        table.weight.mul_(trained.to(table.weight)[:, None])
    return table


def with_no_item(trained: Tensor) -> Tensor:
    """Of items (I,), and of what is none: (I + 1,)."""
    return nn.functional.pad(trained, (0, 1))


def hide_no_item(scores: Tensor, pairs: Tensor, num_items: int) -> Tensor:
    """-inf for pairs with item number `num_items`."""
    return scores.masked_fill(pairs[..., 1] == num_items, -torch.inf)
