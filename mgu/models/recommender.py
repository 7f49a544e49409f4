"""Models of a user and an item: dense layers over embeddings and features, and matrix factorisation, their baseline.

Both take pairs of user and item as numbers and return scores; item number I stands for no item and scores -inf.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING_STD = 0.05


class Recommender(nn.Module):
    """Scores pairs by a network over the concatenated embeddings and features of user and item.

    It is the MLP of He et al. (2017), https://arxiv.org/abs/1708.05031

    Args:
        network: A module from (N, num_inputs) to (N, 1).
        embedding_size: Length of each embedding.
        user_features: Features of each user, (U, F).
        item_features: Features of each item, (I, G).
        trained: Booleans, (U,) and (I,): the users and items that training has. The embeddings of the others are zero,
            so that their features alone count.

    Shape:
        pairs: (*, 2); returns scores, (*).
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
        # Not persistent: they belong to the data and are not learned.
        self.register_buffer("user_features", user_features.to(device), persistent=False)
        self.register_buffer(
            "item_features", nn.functional.pad(item_features, (0, 0, 0, 1)).to(device), persistent=False
        )
        self.network = network

    @staticmethod
    def num_inputs(embedding_size: int, user_features: Tensor, item_features: Tensor) -> int:
        """Returns the number of inputs that the network must take."""
        return 2 * embedding_size + user_features.shape[1] + item_features.shape[1]

    def forward(self, pairs: Tensor) -> Tensor:
        users, items = pairs.flatten(end_dim=-2).unbind(dim=1)  # (N,)
        parts = (
            self.user_embedding(users),
            self.item_embedding(items),
            self.user_features[users],
            self.item_features[items],
        )
        scores = self.network(torch.cat(parts, dim=1)).view(pairs.shape[:-1])  # (*)
        return hide_no_item(scores, pairs, len(self.item_features) - 1)


class Factorisation(nn.Module):
    """Scores pairs by biased matrix factorisation: bias + user bias + item bias + <p_user, q_item>.

    Koren, Bell and Volinsky 2009, https://doi.org/10.1109/MC.2009.263. It has no penalty: early stopping is its only
    regularisation.

    Args:
        num_factors: Length of the vectors p and q.
        trained: Booleans, (U,) and (I,): the users and items that training has.

    Shape:
        pairs: (*, 2); returns scores, (*).
    """

    def __init__(self, num_factors: int, trained: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        users, items = trained[0], with_no_item(trained[1])
        self.user_bias, self.item_bias = embedding(users, 1), embedding(items, 1)
        self.user_factors, self.item_factors = embedding(users, num_factors), embedding(items, num_factors)

    def forward(self, pairs: Tensor) -> Tensor:
        users, items = pairs.unbind(dim=-1)  # (*)
        biases = self.bias + self.user_bias(users).squeeze(-1) + self.item_bias(items).squeeze(-1)
        scores = biases + (self.user_factors(users) * self.item_factors(items)).sum(dim=-1)
        return hide_no_item(scores, pairs, self.item_bias.num_embeddings - 1)


def embedding(trained: Tensor, size: int) -> nn.Embedding:
    """Returns a vector for each of N things, zero where `trained`, (N,), is false."""
    table = nn.Embedding(len(trained), size)
    nn.init.normal_(table.weight, std=EMBEDDING_STD)
    with torch.no_grad():
        table.weight.mul_(trained.to(table.weight)[:, None])
    return table


def with_no_item(trained: Tensor) -> Tensor:
    """Appends False for the item number that stands for no item: (I,) to (I + 1,)."""
    return nn.functional.pad(trained, (0, 1))


def hide_no_item(scores: Tensor, pairs: Tensor, num_items: int) -> Tensor:
    """Returns the scores, (*), with -inf for pairs, (*, 2), with item number `num_items`."""
    return scores.masked_fill(pairs[..., 1] == num_items, -torch.inf)
