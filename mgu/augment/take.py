"""Images of a batch by index."""

from __future__ import annotations

from torch import Tensor


def take(images: Tensor, index: Tensor) -> Tensor:
    """Returns a copy of images at an index, channels last in memory.

    Indexed as they are, images that have channels last in memory would be copied value by value to channels first.

    Args:
        images: Images (N, C, H, W).
        index: Which of them (B,), on the CPU.

    Returns:
        The images (B, C, H, W).
    """
    return images.movedim(1, -1)[index.to(images.device)].movedim(-1, 1)
