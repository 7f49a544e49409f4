"""The measurement of one choice of tile sizes: the median time of several runs, after one that is not counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

import torch

from mgu.gemm.kernel import Tiles, find_gemm, multiply
from mgu.search.strategy import Cost, Measured

MIN_RUNS, MIN_S = 5, 0.05  # of one measurement
MAX_S = 2.0  # after which no more runs are made: of the slowest choices, and of products that take less than their call
TOLERANCE = 1e-4  # of the product, relative to its largest value


def measure_point(
    send: Callable[[Any], None], point: Mapping[str, Sequence[int]], seed: int, settings: Mapping[str, Any]
) -> Measured:
    """Compiles the kernel of a point, checks its product against torch, and measures it on one thread.

    Args:
        send: Not used.
        point: The factors of m, k and n.
        seed: Seed of the matrices.
        settings: Not used: the factors tell the sizes.

    Returns:
        Its score, which is GFLOP/s, and its cost with compilation; an error where the product is wrong or there is no
        compiler.
    """
    torch.set_num_threads(1)
    begun, processor = time.perf_counter(), time.process_time()
    tiles = Tiles.of(point)
    library = find_gemm(tiles)
    compile_s = time.perf_counter() - begun

    def cost() -> Cost:
        return Cost(seconds=time.perf_counter() - begun, cpu_seconds=time.process_time() - processor)

    if library is None:
        return Measured(None, cost(), error="there is no C compiler (cc, gcc, clang) on the PATH")
    generator = torch.Generator().manual_seed(seed)
    m, k, n = (torch.Size(factors).numel() for factors in tiles)
    left, right = torch.rand(m, k, generator=generator), torch.rand(k, n, generator=generator)
    out = torch.full((m, n), torch.nan)  # memory that is not filled may hold an earlier product of the same matrices
    times = time_runs(lambda: multiply(library, tiles, left, right, out))
    wanted = left @ right
    error = float((out - wanted).abs().max() / wanted.abs().max())
    if not error <= TOLERANCE:
        return Measured(None, cost(), error=f"the product differs from torch's by {error:.1e} of its largest value")
    seconds = median(times)
    details = {"seconds": seconds, "runs": len(times), "compile_s": compile_s, "fastest_s": min(times)}
    return Measured(2e-9 * m * k * n / seconds, cost(), details=details)


def time_runs(run: Callable[[], float]) -> list[float]:
    """Repeats a run at least 5 times and for 50 ms, after a first one, but stops after 2 s, also of the wall clock.

    One run that takes over 2 s stands alone.

    Args:
        run: Returns its seconds.

    Returns:
        The seconds of each counted run.
    """
    begun = time.perf_counter()
    first = run()
    if first >= MAX_S:
        return [first]
    times: list[float] = []
    total = 0.0  # kept, for the smallest products are run ten thousands of times
    while len(times) < MIN_RUNS or total < MIN_S:
        times.append(run())
        total += times[-1]
        if first + total >= MAX_S or time.perf_counter() - begun >= MAX_S:
            break
    return times
