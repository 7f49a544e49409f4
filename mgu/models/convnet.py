"""The convolutional network of seed 001, section 5.1: blocks, global average pooling, dropout, a dense read-out."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from mgu.layers.weight_init import glorot_


class ConvNet(nn.Module):
    """Images (B, C, H, W) to logits (B, K) through `blocks`, of which the last has `num_channels` channels."""

    def __init__(self, blocks: Iterable[nn.Module], num_channels: int, num_classes: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(num_channels, num_classes)
        glorot_(self.readout)

    def forward(self, images: Tensor) -> Tensor:
        features = self.blocks(images)  # (B, C', H', W')
        pooled = features.mean(dim=(2, 3))  # (B, C')
        logits: Tensor = self.readout(self.dropout(pooled))  # (B, K)
        return logits


def convolution(in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int) -> nn.Conv2d:
    """A convolution that starts as Keras starts it: glorot-uniform, zero bias."""
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
    glorot_(layer)
    return layer


def count_trainable(model: nn.Module) -> int:
    """Weights that training changes."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def count_keras(model: nn.Module) -> int:
    """The size that Keras prints, and so the paper's: all weights, plus the running statistics of batch norms."""
    return sum(tensor.numel() for tensor in model.state_dict().values())
