"""Products of matrices: the same whichever library computes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from mgu.layers import products
from mgu.layers.products import LEAST, find_product, multiply

# Rows, values, channels: below and above LEAST.
SIZES = [(64, 100, 10), (256, 576, 128), (2304, 144, 32), (1, 2000, 1000)]
ONEDNN = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None


@pytest.fixture(params=["torch's choice", "oneDNN"])
def called(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Counts the calls of oneDNN's product, which stands for that of any processor."""
    calls: list[int] = []
    if request.param == "oneDNN":
        if ONEDNN is None:
            pytest.skip("this torch has no product of oneDNN's")

        def product(*arguments: object) -> torch.Tensor:
            calls.append(1)
            out: torch.Tensor = ONEDNN(*arguments)
            return out

        monkeypatch.setattr(products, "find_product", lambda: product)
    else:
        monkeypatch.setattr(products, "find_product", lambda: None)
    yield calls
    sizes = [rows * values * channels for rows, values, channels in SIZES]
    assert len(calls) in (0, 3 * sum(size >= LEAST for size in sizes))


def test_all_are_right_in_every_order_of_memory(called: list[int]) -> None:
    torch.manual_seed(0)
    for num_rows, num_values, num_channels in SIZES:
        rows, weight, bias = (
            torch.randn(num_rows, num_values),
            torch.randn(num_channels, num_values),
            torch.randn(num_channels),
        )
        exact = rows.double() @ weight.double().t()
        ways = {
            "as they are": multiply(rows, weight, bias) - bias,
            "weight transposed": multiply(rows, weight.t().contiguous().t()),
            "rows transposed": multiply(rows.t().contiguous().t(), weight),
        }
        for name, out in ways.items():
            error = (out.double() - exact).abs().max() / exact.abs().max()
            assert error < 1e-5, (name, num_rows, num_values, num_channels)


def test_double_precision_stays_with_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "find_product", lambda: pytest.fail("oneDNN has no products in double precision"))
    rows, weight = torch.randn(256, 576, dtype=torch.float64), torch.randn(128, 576, dtype=torch.float64)
    assert torch.equal(multiply(rows, weight), rows @ weight.t())


def test_it_is_taken_where_mkl_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_narrow in (True, False):
        find_product.cache_clear()
        monkeypatch.setattr(products, "has_narrow_mkl", lambda is_narrow=is_narrow: is_narrow)
        assert (find_product() is not None) is (is_narrow and ONEDNN is not None)
    find_product.cache_clear()
