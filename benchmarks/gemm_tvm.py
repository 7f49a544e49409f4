# /// script
# requires-python = ">=3.11"
# dependencies = ["apache-tvm[all]==0.27.0.post1", "apache-tvm-ffi==0.1.14.post0", "numpy"]
# ///
"""A peer of our searches of tile sizes: TVM's MetaSchedule, which generates kernels of its own, with packing.

    uv run --no-project benchmarks/gemm_tvm.py 256 runs/gemm      # 64 and 256 trials on one core; resumes

It has an environment of its own, for each candidate is built in a new process that imports TVM, and TVM imports torch
where that is installed: that is most of the time then.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TVM_TRIALS = (64, 256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, help="of the three dimensions")
    parser.add_argument("folder", type=Path, help="where the libraries are kept")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for trials in TVM_TRIALS:
        if not tvm_file(options.size, trials, options.folder).is_file():
            tune_tvm(options.size, trials, options.folder)


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
    # One worker on one core: two would not have imported TVM within the time that a candidate has, and begin again.
    builder = meta_schedule.builder.LocalBuilder(max_workers=1, timeout_sec=300)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as work:
        database = meta_schedule.tir_integration.tune_tir(
            tvm.IRModule({"main": function}),
            target,
            work,
            max_trials_global=trials,
            num_trials_per_iter=32,
            builder=builder,
            seed=0,
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
