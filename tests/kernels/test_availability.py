"""Where no kernel can compute a call, that is said, and plain torch does."""

from __future__ import annotations

import dataclasses
import logging
from importlib.metadata import PackageNotFoundError

import pytest
import torch

from mgu.errors import UserError
from mgu.factory import engine as factory_engine
from mgu.factory.engine import check_engine
from mgu.factory.resolved_run import resolve
from mgu.kernels import availability
from mgu.kernels.availability import find_obstacle, is_for_triton
from mgu.kernels.tiling import divide
from tests.conftest import Configure

X = torch.randn(3, 4)


@pytest.mark.parametrize(
    ("x", "num_channels", "activation", "reason"),
    [
        (X.half(), 4, "selu", "in half precision"),
        (X[:0], 4, "selu", "for empty inputs"),
        (X, 1025, "selu", "more than 1024 channels"),
        (X, 4, "gelu", "activations but selu, relu, silu, tanh"),
        (X, 4, None, "activations but selu"),
    ],
)
def test_what_kernels_cannot_compute(x: torch.Tensor, num_channels: int, activation: str | None, reason: str) -> None:
    assert find_obstacle(X, 4, "selu") is None and find_obstacle(X, 1024, "tanh") is None
    assert reason in str(find_obstacle(x, num_channels, activation))


def test_the_cpu_has_its_own_kernels() -> None:
    assert not is_for_triton(X)


@pytest.mark.parametrize("found", [None, "3.8.0", "unknown"])
def test_without_a_triton_that_is_known(found: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(availability, "version", version)
    availability.has_triton.cache_clear()
    try:
        assert "without Triton of at least version 3.9" in str(find_obstacle(X, 4, "selu"))
    finally:
        availability.has_triton.cache_clear()


@pytest.mark.parametrize("model", ["norm=bn_pre", "mgu=reference", "mgu=lean"])
def test_the_native_engine_can_be_configured_on_cuda(
    model: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = resolve(configure("layout=digits_2", "engine=native", model))
    on_cuda = dataclasses.replace(resolved, device=torch.device("cuda"))
    check_engine(on_cuda)
    monkeypatch.setattr(factory_engine, "has_triton", lambda: False)
    with pytest.raises(UserError, match="Triton on CUDA, and an activation that it knows"):
        check_engine(on_cuda)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, on which Triton launches")
def test_where_triton_cannot_launch_that_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        reason = availability.launch_obstacle.__wrapped__(torch.device("cuda", 0))
    assert reason is not None and reason.startswith("where Triton fails (")
    assert "no Triton kernels on cuda:0" in caplog.text


@pytest.mark.parametrize(("num_rows", "num_channels"), [(1, 1), (43264, 16), (3136, 97), (100_000, 1024)])
def test_tiles_cover_all_rows_and_channels(num_rows: int, num_channels: int) -> None:
    tiling = divide(num_rows, num_channels)
    assert tiling.rows * tiling.tiles >= num_rows > tiling.rows * (tiling.tiles - 1)
    assert tiling.channels >= num_channels and 1 <= tiling.parts <= min(tiling.tiles, 512)
    assert 1 <= tiling.num_warps <= 16
