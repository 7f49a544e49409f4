"""The compiled read-out against torch's own operations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mgu.layers.readout import read_out
from mgu.native.library import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler: the read-out was not tried")


def outcome(features: Tensor, p: float, native: bool) -> list[Tensor]:
    """Logits, all gradients, and the next random number."""
    torch.manual_seed(0)
    dense, dropout = nn.Linear(features.shape[1], 5, dtype=features.dtype), nn.Dropout(p)
    x = features.clone(memory_format=torch.preserve_format).requires_grad_()
    logits = read_out(x, dropout, dense, native)
    assert native == (type(logits.grad_fn).__name__ == "_ReadOutBackward")
    logits.square().sum().backward()
    assert x.grad is not None and x.grad.is_contiguous(memory_format=torch.channels_last)
    return [logits.detach(), x.grad, *(w.grad for w in dense.parameters() if w.grad is not None), torch.rand(1)]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_it_is_torch_s_own_and_draws_the_same_random_numbers(
    dtype: torch.dtype, tolerance: float, p: float, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mgu.layers.readout.threads_for", lambda values, values_per_thread: threads)
    for shape in ((7, 9, 3, 2), (1, 1, 1, 1), (4, 33, 1, 1)):
        features = torch.randn(shape, dtype=dtype).contiguous(memory_format=torch.channels_last)
        ours, plain = (outcome(features, p, native) for native in (True, False))
        torch.testing.assert_close(ours, plain, rtol=tolerance, atol=tolerance)


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(33, 40, 5, 5).contiguous(memory_format=torch.channels_last)
    outcomes = []
    for threads in (1, 2):
        monkeypatch.setattr("mgu.layers.readout.threads_for", lambda *_, threads=threads: threads)
        outcomes.append(outcome(features, 0.3, True))
    assert all(map(torch.equal, *outcomes))


def test_second_derivatives_are_refused() -> None:
    features = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    logits = read_out(features, nn.Dropout(0.3), nn.Linear(3, 2))
    with pytest.raises(RuntimeError, match="engine must be eager or packed for second derivatives"):
        torch.autograd.grad(logits.sum(), features, create_graph=True)


class Adapted(nn.Linear):
    """A layer with a forward pass of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1


def test_layers_that_must_be_called_themselves_are() -> None:
    features = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    hooked, calls = nn.Linear(3, 2), list[object]()
    hooked.register_forward_hook(lambda *arguments: calls.append(arguments))
    read_out(features, nn.Dropout(0.0), hooked)
    dense = Adapted(3, 2)
    torch.testing.assert_close(read_out(features, nn.Dropout(0.0), dense), dense(features.mean(dim=(2, 3))))
    assert len(calls) == 1


def test_what_it_is_not_made_for_is_left_to_torch() -> None:
    dense, dropout = nn.Linear(3, 2), nn.Dropout(0.3)
    channels_first = torch.randn(2, 3, 4, 4)
    cases = [(channels_first, dropout), (channels_first.to(memory_format=torch.channels_last), nn.Dropout(0.3).eval())]
    for features, each in cases:
        assert "_ReadOut" not in type(read_out(features, each, dense).grad_fn).__name__
