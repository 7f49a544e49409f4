"""The smallest kernel, to see whether Triton can compile and launch any."""

import torch
import triton
import triton.language as tl


@triton.jit
def write_one(out):
    """Writes 1."""
    tl.store(out, 1.0)


def probe(device: torch.device) -> None:
    """Launches a kernel.

    Args:
        device: A GPU.

    Raises:
        Exception: Triton finds no C compiler for its launcher, no folder for its cache, no support for this GPU, ...
    """
    with torch.cuda.device(device):
        write_one[1,](torch.empty(1, device=device), enable_fp_fusion=True)
