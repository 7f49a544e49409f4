"""A peer of our searches of tile sizes: the greedy search of kernel-tuner, on the same kernel.

    uv sync --inexact --group gemm
    python benchmarks/gemm_peers.py 256 runs/gemm      # ten studies; resumes

kernel-tuner has the same points in the form that its neighbours need: the outermost factor is what the others leave.
Its seconds begin with its first measurement: building its list of all points is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from gemm import KERNEL_TUNER, SHARE, STUDIES, space_of

from mgu.native.library import FLAGS
from mgu.search.spaces.gemm import MOST_SUMS

KERNEL = Path(__file__).parents[1] / "mgu" / "gemm" / "gemm.c"
CALL = """
float gemm_ms(const float *a, const float *b, float *c) {
    const long bounds[7] = {SIZE / (M1 * M2 * I3), M1, M2, SIZE / (N1 * N2 * J3), N1, N2, SIZE / K1};
    return (float)(1e3 * gemm(a, b, c, bounds));
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, help="of the three dimensions")
    parser.add_argument("folder", type=Path, help="where measurements are kept")
    options = parser.parse_args()
    if not find_spec("kernel_tuner"):
        sys.exit("kernel-tuner must be installed, but is not. Call uv sync --inexact --group gemm.")
    options.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(STUDIES):
        file = options.folder / f"{KERNEL_TUNER}-{options.size}-{seed}.json"
        if not file.is_file():
            file.write_text(json.dumps(tune_kernel(options.size, seed)))


def tune_kernel(size: int, seed: int) -> list[dict[str, Any]]:
    """Returns the trials of one study of kernel-tuner's iterated greedy search, as benchmarks/gemm.py reads them."""
    import kernel_tuner

    random.seed(seed)
    generator = np.random.default_rng(seed)
    np.random.seed(seed)
    left, right = (generator.random((size, size), dtype=np.float32) for _ in "ab")
    powers = [2**power for power in range(size.bit_length())]
    points = space_of(size).size
    assert points
    results, _ = kernel_tuner.tune_kernel(
        "gemm_ms",
        KERNEL.read_text() + CALL.replace("SIZE", str(size)),
        size * size,
        [left, right, np.zeros((size, size), np.float32)],
        dict.fromkeys(("M1", "M2", "I3", "K1", "N1", "N2", "J3"), powers),
        lang="C",
        compiler_options=[*FLAGS, "-march=native", "-fopenmp-simd"],
        restrictions=[f"M1*M2*I3<={size}", f"N1*N2*J3<={size}", f"I3*J3<={MOST_SUMS}"],
        strategy="greedy_ils",
        strategy_options={"max_fevals": round(SHARE * points)},
        answer=[None, None, left @ right],
        atol=1e-4 * size,
        quiet=True,
    )
    return [trial_of(result, size, began(results)) for result in results if isinstance(result["time"], float)]


def began(results: list[dict[str, Any]]) -> datetime:
    """Returns when the first measurement ended, less what it took."""
    first = results[0]
    spent_ms = first["compile_time"] + first["verification_time"] + first["benchmark_time"]
    return datetime.fromtimestamp(datetime.fromisoformat(first["timestamp"]).timestamp() - spent_ms / 1e3).astimezone()


def trial_of(result: dict[str, Any], size: int, begun: datetime) -> dict[str, Any]:
    """Returns one of kernel-tuner's results with our names; its times are in milliseconds."""
    m1, m2, i3, k1, n1, n2, j3 = (int(result[name]) for name in ("M1", "M2", "I3", "K1", "N1", "N2", "J3"))
    point = {
        "m": [size // (m1 * m2 * i3), m1, m2, i3],
        "k": [size // k1, k1],
        "n": [size // (n1 * n2 * j3), n1, n2, j3],
    }
    ended = datetime.fromisoformat(result["timestamp"])
    return {"ended_s": (ended - begun).total_seconds(), "product_s": float(result["time"]) / 1e3, "point": point}


if __name__ == "__main__":
    main()
