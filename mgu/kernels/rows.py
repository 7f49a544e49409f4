"""What kernels over rows have in common, in Triton: tiles of ROWS rows and CHANNELS channels, masked at their edges."""

import triton
import triton.language as tl


@triton.jit
def load_channel(numbers, index, c, num_channels):
    """Returns one number a channel, (1, CHANNELS), from the array at `index` among several that lie in a row."""
    return tl.load(numbers + index * num_channels + c, mask=c < num_channels, other=0.0)


@triton.jit
def mean_of_row(values, mask, num_channels):
    """Returns the mean over the channels, (ROWS, 1)."""
    return tl.sum(tl.where(mask, values, 0.0), axis=1)[:, None] / num_channels


@triton.jit
def store_sum(sums, values, index, c, num_channels):
    """Stores the sum of a tile over its rows as the array at `index` among several that lie in a row."""
    total = tl.sum(values, axis=0)[None, :]  # (1, CHANNELS)
    tl.store(sums + index * num_channels + c, total, mask=c < num_channels)
