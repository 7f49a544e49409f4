"""Peers of our searches of tile sizes: kernel-tuner on the same kernel, and TVM's MetaSchedule, which writes its own.

    uv sync --inexact --group gemm
    python benchmarks/gemm_peers.py 256 runs/gemm      # ten studies of kernel-tuner, two of TVM; resumes

kernel-tuner has the same points in the form that its neighbours need: the outermost factor is what the others leave.
Its seconds begin with its first measurement: building its list of all points is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from mgu.native.library import FLAGS

KERNEL_TUNER = "kernel-tuner"
TVM_TRIALS = (64, 256)
STUDIES, SHARE, MOST_SUMS = 10, 0.001, 512
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
    options.folder.mkdir(parents=True, exist_ok=True)
    for trials in TVM_TRIALS:
        if not tvm_file(options.size, trials, options.folder).is_file():
            tune_tvm(options.size, trials, options.folder)
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
    points = (len(powers) * (len(powers) + 1) * (len(powers) + 2) // 6) ** 2 * len(powers)
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


def tvm_file(size: int, trials: int, folder: Path) -> Path:
    """Returns the library that MetaSchedule has found."""
    return folder / f"tvm-{size}-{trials}.so"


def tune_tvm(size: int, trials: int, folder: Path) -> None:
    """Tunes the product with TVM's MetaSchedule for one core, compiles the best, and says how long it took."""
    import tvm
    from tvm import te
    from tvm.s_tir import meta_schedule

    inner = te.reduce_axis((0, size), "k")
    left, right = (te.placeholder((size, size), "float32", name=name) for name in "AB")
    product = te.compute((size, size), lambda i, j: te.sum(left[i, inner] * right[inner, j], axis=inner), name="C")
    function = te.create_prim_func([left, right, product]).with_attr("global_symbol", "main")
    processor = tvm.target.codegen.llvm_get_system_cpu()
    target = tvm.target.Target({"kind": "llvm", "num-cores": 1, "mcpu": processor})
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as work:
        database = meta_schedule.tir_integration.tune_tir(
            tvm.IRModule({"main": function}), target, work, max_trials_global=trials, num_trials_per_iter=32, seed=0
        )
        records = len(database.get_all_tuning_records())
        assert records, "MetaSchedule has measured nothing"
        schedule = meta_schedule.tir_integration.compile_tir(database, tvm.IRModule({"main": function}), target)
    tvm.compile(schedule.mod, target).export_library(str(tvm_file(size, trials, folder)))
    took = {"seconds": time.perf_counter() - begun, "records": records}
    tvm_file(size, trials, folder).with_suffix(".json").write_text(json.dumps(took))


def load_tvm(size: int, trials: int, folder: Path) -> Callable[[], Any]:
    """Returns what computes the product of two random matrices by what MetaSchedule has found; it is checked first."""
    import tvm

    call = tvm.runtime.load_module(str(tvm_file(size, trials, folder)))["main"]
    generator = np.random.default_rng(0)
    left, right = (generator.random((size, size), dtype=np.float32) for _ in "ab")
    tensors = [tvm.runtime.tensor(each, tvm.cpu()) for each in (left, right, np.zeros_like(left))]
    call(*tensors)
    np.testing.assert_allclose(tensors[-1].numpy(), left @ right, rtol=1e-4)
    return lambda: call(*tensors)


if __name__ == "__main__":
    main()
