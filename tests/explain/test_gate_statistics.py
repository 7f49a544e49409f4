"""Statistics of a gate against the same figures from all values at once."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mgu.explain.statistics import GateStatistics, GateSummary


def summarise(values: Tensor, chunks: int = 1, channel_axis: int = 1) -> GateSummary:
    statistics = GateStatistics(channel_axis)
    for chunk in values.chunk(chunks):
        statistics.add(chunk)
    return statistics.summary()


SHAPES = [((301, 5, 3, 4), 1), ((301, 5, 3, 4), -3), ((301, 7), -1), ((201, 6, 5), -1), ((201, 5, 6), 1), ((1, 3), 1)]


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_figures_are_those_of_all_values_at_once(shape: tuple[int, ...], axis: int) -> None:
    values = torch.sigmoid(3 * torch.randn(shape) + torch.randn(shape[1:]))
    found, exact = summarise(values, 7, axis), values.double()
    assert found.mean == pytest.approx(exact.mean().item(), abs=1e-6)
    assert found.std == pytest.approx(exact.std(correction=0).item(), abs=2e-6)
    assert (found.min, found.max) == pytest.approx((exact.min().item(), exact.max().item()), abs=1e-6)
    assert found.median == pytest.approx(exact.quantile(0.5).item(), abs=0.0005)
    assert found.share_open == pytest.approx((exact >= 0.9).double().mean().item(), abs=1e-6)
    assert found.share_closed == pytest.approx((exact < 0.1).double().mean().item(), abs=1e-6)
    entropy = -(exact * exact.log2() + (1 - exact) * (1 - exact).log2())
    assert found.entropy_bits == pytest.approx(entropy.mean().item(), abs=0.007)
    assert found.histogram == torch.histc(exact, 50, 0, 1).tolist()
    channels = exact.movedim(axis, 1).reshape(shape[0], shape[axis], -1)  # (B, C, P)
    assert found.channels.mean == pytest.approx(channels.mean(dim=(0, 2)).tolist(), abs=1e-6)
    assert found.channels.min == pytest.approx(channels.amin(dim=(0, 2)).tolist(), abs=1e-6)
    assert found.channels.max == pytest.approx(channels.amax(dim=(0, 2)).tolist(), abs=1e-6)
    both = zip(found.channels.std_inputs, found.channels.std_positions, strict=True)
    total = [(inputs**2 + positions**2) ** 0.5 for inputs, positions in both]
    assert total == pytest.approx(channels.var(dim=(0, 2), correction=0).sqrt().tolist(), abs=2e-6)


def test_the_median_of_a_few_gates_of_which_half_are_open_lies_between_them() -> None:
    gates = torch.tensor([0.001, 0.002, 0.997, 0.998])
    assert summarise(gates[None]).median == pytest.approx(0.4995, abs=0.0005 + 1e-7)
    assert summarise(gates[None, 1:]).median == pytest.approx(0.997, abs=0.0005 + 1e-7)


@pytest.mark.parametrize("chunks", [2, 7, 97])
def test_how_inputs_are_batched_changes_nothing(chunks: int) -> None:
    values = torch.sigmoid(torch.randn(97, 4, 3, 3))
    once, often = summarise(values), summarise(values, chunks)
    assert once.histogram == often.histogram and (once.median, once.min, once.max) == (
        often.median,
        often.min,
        often.max,
    )
    for name in ("mean", "std", "std_inputs", "std_positions", "std_channels", "entropy_bits"):
        assert getattr(once, name) == pytest.approx(getattr(often, name), abs=2e-6)
    assert once.channels.std_inputs == pytest.approx(often.channels.std_inputs, abs=2e-6)


def test_the_variance_is_split_by_where_it_comes_from() -> None:
    """Three independent effects of known variance: a of the input, b of the position, c of the channel."""
    a, b, c = torch.tensor([-0.1, 0.1]), torch.tensor([-0.2, 0.0, 0.2]), torch.tensor([-0.05, 0.05])
    values = 0.5 + a.view(-1, 1, 1) + c.view(1, -1, 1) + b.view(1, 1, -1)  # (B, C, P)
    found = summarise(values)
    parts = (found.std_inputs, found.std_channels, found.std_positions)
    assert parts == pytest.approx((0.1, 0.05, (0.08 / 3) ** 0.5), abs=1e-6)
    assert found.std**2 == pytest.approx(sum(part**2 for part in parts), abs=1e-6)
    assert found.channels.std_inputs == pytest.approx([0.1, 0.1], abs=1e-6)
    assert found.channels.mean == pytest.approx([0.45, 0.55], abs=1e-6)


@pytest.mark.parametrize("constant", [0.0, 1e-7, 0.3, 0.9, 0.99999, 1.0])
def test_a_constant_has_exactly_no_spread(constant: float) -> None:
    found = summarise(torch.full((300, 3, 5), constant), 9)
    assert (found.std, found.std_inputs, found.std_positions, found.std_channels) == (0, 0, 0, 0)
    assert found.mean == found.median == found.min == found.max == pytest.approx(constant, abs=1e-6)
    assert sum(found.histogram) == 300 * 15


def test_what_cannot_be_summed_up_is_refused() -> None:
    with pytest.raises(ValueError, match="must have seen an input"):
        GateStatistics().summary()
    with pytest.raises(ValueError, match="must have seen an input"):
        summarise(torch.empty(0, 3, 2))
    with pytest.raises(ValueError, match="must be a number"):
        summarise(torch.tensor([[0.1, torch.nan]]))
    statistics = GateStatistics()
    statistics.add(torch.rand(2, 3))
    with pytest.raises(ValueError, match=r"must have one shape, but got \(4,\) after \(3,\)"):
        statistics.add(torch.rand(2, 4))
