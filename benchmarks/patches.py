"""Convolutions against products of matrices, layer by layer: where mgu/layers/patches.py draws its lines.

    .venv/bin/python benchmarks/patches.py [--layouts M2,M3,M4,C7,C10] [--rounds 15] [--threads 2]

Every layer of the paper's layouts, as a baseline has it and seven times as wide, as a unit has it. A ratio above 1 says
that the product is faster.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from unittest import mock

import torch
from models import configure, images_of, units_of
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import in_turns, ratio
from torch import Tensor, nn

from mgu.layers import native_layer
from mgu.layers.packed import with_channels_last
from mgu.layers.patches import Most
from mgu.native.malloc import keep_freed_memory

BATCH = 64
CONVOLUTION, PRODUCT = Most(0, 0), Most(2**40, 2**40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layouts", default="M2,M3,M4,C7,C10")
    add_rounds(parser, default=15, least=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    table = Table(title=f"time of the convolution / of the product, batch {BATCH}, {options.threads} threads")
    for title in ("layout", "layer", "in", "out", "positions", "forward", "backward"):
        table.add_column(title, justify="right")
    for layout in options.layouts.split(","):
        config = configure(layout, "mgu=equations")
        x = torch.rand(BATCH, *images_of(config).image_shape)
        for number, unit in enumerate(units_of(config, "eager")):
            assert isinstance(unit.layer, nn.Conv2d)
            for width in (1, 7):
                table.add_row(layout, str(number + 1), *measure(unit.layer, width, x, number > 0, options.rounds))
            with torch.no_grad():
                x = unit(x)
    Console(width=120).print(table)


@torch.no_grad()
def measure(layer: nn.Conv2d, width: int, x: Tensor, needs_x: bool, rounds: int) -> list[str]:
    """The cells of one layer, `width` times as wide."""
    sizes = layer.kernel_size, layer.stride, layer.padding
    wide = nn.Conv2d(layer.in_channels, width * layer.out_channels, *sizes)  # type: ignore[arg-type]
    wide = wide.to(memory_format=torch.channels_last)
    x, weight, bias = with_channels_last(x), wide.weight, wide.bias
    d_out = with_channels_last(torch.randn_like(wide(x)))

    def passes(name: str, compute: Callable[[], object]) -> str:
        def way(most: Most) -> Callable[[], object]:
            def run() -> object:
                with mock.patch.object(native_layer, name, most):
                    return compute()

            return run

        times = in_turns({"convolution": way(CONVOLUTION), "product": way(PRODUCT)}, rounds)
        return f"{ratio(times, 'convolution', 'product'):.2f}"

    return [
        *(str(wide.in_channels), str(wide.out_channels), str(d_out.numel() // wide.out_channels)),
        passes("FORWARD", lambda: native_layer.compute_layer(wide, x, weight, bias)),
        passes("BACKWARD", lambda: native_layer.layer_gradients(wide, d_out, x, weight, (needs_x, True, True))),
    ]


if __name__ == "__main__":
    main()
