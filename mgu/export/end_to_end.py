"""A network between what is in the user's files and what its outputs mean: one module, in Python and in files."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.data.images.preprocessing import PixelScaling
from mgu.data.images.sequences import to_sequence
from mgu.data.ratings.encoding import PairEncoding
from mgu.data.tables.encoding import RowEncoding
from mgu.results.on_disk.preprocessing import (
    Columns,
    Inputs,
    Outputs,
    Pairs,
    Pixels,
    Preprocessing,
    Quantity,
    RankingScore,
)


class EndToEnd(nn.Module):
    """Applies the preprocessing of training, a network, and the way back to the unit of what is predicted.

    Args:
        network: The network.
        preprocessing: How its inputs are made, and what its outputs stand for.

    Shape:
        raw: Examples as they are in the files: pixels (B, C, H, W) as uint8; numbers (B, N) and codes of categories
            (B, M) of a table; numbers of users and items (B,) each; or arrays (B, *) of a function.
        returns: Logits (B, K) of classes; predictions (B,) in the target's unit, as float64; or scores (B,).
    """

    def __init__(self, network: nn.Module, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.encode, self.network = _build_encoding(preprocessing.inputs), network
        self.decode = _build_decoding(preprocessing.outputs)

    def forward(self, *raw: Tensor) -> Tensor:
        outputs: Tensor = self.decode(self.network(self.encode(*raw)))
        return outputs


class Unstandardise(nn.Module):
    """Returns standardised numbers (B, 1) or (B,) to their unit, (B,) as float64.

    Args:
        mean: What was subtracted.
        std: What it was divided by.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        # As tensors: an exporter writes a plain number in float32, whose steps around 1.7e9 are 128 wide.
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float64))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float64))

    def forward(self, outputs: Tensor) -> Tensor:
        numbers: Tensor = outputs.flatten().double() * self.std + self.mean
        return numbers


def _build_encoding(inputs: Inputs) -> nn.Module:
    if isinstance(inputs, Pixels):
        return to_sequence(inputs) if inputs.steps else PixelScaling(inputs.pixel_max)
    if isinstance(inputs, Columns):
        return RowEncoding(inputs)
    return PairEncoding(inputs) if isinstance(inputs, Pairs) else nn.Identity()


def _build_decoding(outputs: Outputs) -> nn.Module:
    if isinstance(outputs, Quantity):
        return Unstandardise(outputs.mean, outputs.std)
    return nn.Flatten(start_dim=0) if isinstance(outputs, RankingScore) else nn.Identity()
