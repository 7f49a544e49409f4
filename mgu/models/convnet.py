"""The convolutional network of Damian and Piciu (2020, section 5.1), and the sizes of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor, nn

from mgu.layers.chain import Chain
from mgu.layers.masked import count_masked
from mgu.layers.readout import ReadOut, read_out
from mgu.layers.weight_init import glorot_

RUNNING_STATISTICS = ("running_mean", "running_var")  # names of their buffers in batch norms, torch's and ours


class ConvNet(nn.Module):
    """Classifies images by blocks, global average pooling, dropout and a dense read-out.

    Args:
        blocks: Modules from images to images, applied in turn.
        num_channels: Channels of the last block's output.
        num_classes: Number of classes, K.
        dropout: Probability with which dropout zeroes a pooled feature.
        native: Whether the read-out may be computed by a compiled function, see mgu/layers/readout.py.

    Shape:
        images: (B, C, H, W); returns logits, (B, K).
    """

    def __init__(
        self,
        blocks: Iterable[nn.Module],
        num_channels: int,
        num_classes: int,
        dropout: float,
        native: bool = True,
    ) -> None:
        super().__init__()
        self.native, self._chain = native, Chain()
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(num_channels, num_classes)
        glorot_(self.readout)

    def forward(self, images: Tensor) -> Tensor:
        if not self.native:
            return self._apply_parts(images)
        return self._chain.compute(self, self._list_parts, self._apply_parts, images)

    def _list_parts(self) -> list[Callable[[Tensor], Tensor]]:
        blocks = self.blocks if type(self.blocks) is nn.Sequential else [self.blocks]  # others may do more
        return [*blocks, ReadOut(self.dropout, self.readout)]

    def _apply_parts(self, images: Tensor) -> Tensor:
        return read_out(self.blocks(images), self.dropout, self.readout, self.native)


def convolution(in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int) -> nn.Conv2d:
    """Returns a convolution with the initial weights of Keras: glorot-uniform, zero bias.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Height and width of the kernel.
        stride: Step between windows.
        padding: Zeros added on each side.

    Returns:
        The layer.
    """
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
    glorot_(layer)
    return layer


def count_trainable(model: nn.Module) -> int:
    """Returns the number of weights that training changes, without those that a mask keeps at 0.

    Args:
        model: The network.

    Returns:
        Their number.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    return parameters - count_masked(model)


def count_keras(model: nn.Module) -> int:
    """Returns the size that Keras, and so the paper, prints: all weights and the running statistics of batch norms.

    Weights that a mask keeps at 0 are none. Of buffers only running means and variances count, and those that a module
    of ours names in `counted_buffers`: no masks, counters, or vectors of a power iteration.

    Args:
        model: The network.

    Returns:
        The number of values.
    """
    weights = sum(parameter.numel() for parameter in model.parameters()) - count_masked(model)
    return weights + sum(map(_count_statistics, model.modules()))


def _count_statistics(module: nn.Module) -> int:
    """Returns the number of values in a module's own buffers that count."""
    counted = getattr(module, "counted_buffers", RUNNING_STATISTICS)
    return sum(buffer.numel() for name, buffer in module.named_buffers(recurse=False) if name in counted)
