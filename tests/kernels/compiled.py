"""The kernels compiled for an H100 on a machine without one: launches compile, and launch nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import CompiledKernel
from triton.runtime.jit import JITFunction

from mgu.kernels import availability

H100 = GPUTarget("cuda", 90, 32)


@contextmanager
def compiled_for(target: GPUTarget, cache: Path) -> Iterator[dict[str, list[CompiledKernel]]]:
    """The kernels that are launched in here, by the names of their functions."""
    driver = SimpleNamespace(
        get_current_device=lambda: 0, get_current_stream=lambda device: 0, get_current_target=lambda: target
    )
    kernels: dict[str, list[CompiledKernel]] = {}
    run = JITFunction.run

    def compile_only(self: JITFunction[Any], *arguments: Any, grid: Any, warmup: bool, **keywords: Any) -> None:
        kernel = run(self, *arguments, grid=grid, warmup=True, **keywords)
        kernels.setdefault(self.fn.__name__, []).append(kernel)

    active = triton.runtime.driver._active
    triton.runtime.driver.set_active(driver)
    try:
        with (
            mock.patch.object(JITFunction, "run", compile_only),
            mock.patch.object(availability, "INTERPRETED", True),  # so that tensors of the CPU will do
            triton.knobs.cache.scope(),
        ):
            triton.knobs.cache.dir = str(cache)
            yield kernels
    finally:
        triton.runtime.driver._active = active
