"""The native engine of blocks computes what the eager one does, and leaves to it what it cannot compute."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx

from mgu.layers.block import NORMS, Block
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.native import library

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}  # of the largest value of a tensor: its small ones cancel
IMAGES = (5, 4, 9, 8)
LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "products of matrices": (lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(2, 1)), IMAGES),
    "computed by the kernel": (lambda: nn.Conv2d(1, 6, 3, stride=2, padding=1), (5, 1, 9, 8)),
    "grouped and dilated": (lambda: nn.Conv2d(4, 6, 3, groups=2, dilation=(1, 2)), IMAGES),
    "of a line": (lambda: nn.Conv1d(4, 6, 3), (5, 4, 9)),
    "dense": (lambda: nn.Linear(4, 6), (5, 4)),
    "dense, of sequences": (lambda: nn.Linear(4, 6), (2, 5, 4)),
    "one value a channel": (lambda: nn.Conv2d(4, 6, 3), (1, 4, 3, 3)),
}
SOME_KINDS = (  # each is compiled by itself
    ("bn_pre", "selu", torch.float64),
    ("bn_pre", "selu", torch.float32),
    ("bn_post", "relu", torch.float64),
    ("ln", "silu", torch.float32),
    ("no_norm", "tanh", torch.float64),
)
ALL_KINDS = [
    pytest.param(*kind, marks=() if kind in SOME_KINDS else pytest.mark.long)
    for kind in itertools.product(NORMS, ("selu", "relu", "silu", "tanh"), TOLERANCE)
]


def results(block: Block, engine: str, x: Tensor, needs_x: bool = True) -> dict[str, Tensor]:
    """Output, gradients and running statistics of one forward and backward pass of a copy."""
    twin = copy.deepcopy(block)
    twin.engine = engine
    x = x.clone(memory_format=torch.preserve_format).requires_grad_(needs_x)
    out = twin(x)
    direction = torch.randn(out.shape, generator=torch.Generator().manual_seed(1)).to(out)
    out.backward(direction)
    found = {"out": out, "d x": x.grad, **{f"d {name}": p.grad for name, p in twin.named_parameters()}}
    found |= dict(twin.named_buffers())
    return {name: tensor.detach() for name, tensor in found.items() if tensor is not None}


def assert_same(block: Block, x: Tensor, needs_x: bool = True) -> None:
    ours, theirs = (results(block, engine, x, needs_x) for engine in ("native", "eager"))
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        largest = float(tensor.abs().max())
        if name == "d layer.bias":  # of which batch norm before the activation leaves nothing but rounding
            largest = max(largest, float(theirs["d layer.weight"].abs().max()))
        atol = TOLERANCE[tensor.dtype] * largest
        torch.testing.assert_close(ours[name], tensor, rtol=0, atol=atol, msg=partial("{}: {}".format, name))


def block_of(layer: nn.Module, norm: str = "bn_pre", activation: str = "selu", **arguments: Any) -> Block:
    """With biases, norms and statistics that are not where they start."""
    block = Block(copy.deepcopy(layer), norm, activation, **arguments)
    with torch.no_grad():
        for tensor in block.state_dict().values():
            tensor.add_(0.3 * torch.rand_like(tensor))
    return block


@pytest.mark.parametrize(("norm", "activation", "dtype"), ALL_KINDS)
def test_the_same_numbers(norm: str, activation: str, dtype: torch.dtype) -> None:
    for make, shape in LAYERS.values():
        layer, x = make(), torch.randn(shape, dtype=dtype)
        for residual, training in itertools.product((True, False), (True, False)):
            block = block_of(layer, norm, activation, residual=residual).train(training).to(dtype)
            assert_same(block, x)
            assert_same(block, x, needs_x=False)


@pytest.mark.parametrize("norm", ["bn_pre", "ln"])
def test_more_channels_than_the_compiler_is_told(norm: str) -> None:
    assert_same(block_of(nn.Conv2d(4, 70, 3, bias=False), norm), torch.randn(IMAGES))


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("kind", ["products of matrices", "computed by the kernel"])
def test_the_same_numbers_with_channels_last(kind: str, residual: bool) -> None:
    make, shape = LAYERS[kind]
    x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    block = block_of(make(), residual=residual).to(memory_format=torch.channels_last)
    assert_same(block, x)
    assert_same(block, x, needs_x=False)
    assert block(x).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("norm", ["bn_pre", "ln"])
def test_many_threads_sum_and_the_same_number_gives_the_same_bits(norm: str) -> None:
    block, x = block_of(nn.Conv2d(1, 6, 3), norm), torch.randn(8, 1, 80, 80)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert_same(block.double(), x.double(), needs_x=False)
        once, again = (results(block, "native", x.double()) for _ in "ab")
        assert all(torch.equal(once[name], again[name]) for name in once)
    finally:
        torch.set_num_threads(threads)


def test_gradients_are_those_of_finite_differences() -> None:
    block = block_of(nn.Conv2d(2, 3, 2), residual=True, engine="native").double()
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(copy.deepcopy(block), (x,))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_stays_so(value: float) -> None:
    x = torch.randn(IMAGES)
    x[3, 2, 4, 4] = value
    assert not results(block_of(nn.Conv2d(4, 6, 3)), "native", x)["out"].isfinite().all()


def test_values_with_a_mean_far_from_zero() -> None:
    block, x = block_of(nn.Linear(4, 6)), torch.randn(64, 4)
    with torch.no_grad():
        cast(Tensor, block.layer.bias).add_(1000)
    out, plain = results(block, "native", x)["out"], results(block.double(), "eager", x.double())["out"]
    torch.testing.assert_close(out.double(), plain, rtol=1e-3, atol=1e-3)


class OwnNorm(BatchNorm):
    pass


class OwnLayer(nn.Conv2d):
    pass


NOT_NATIVE: dict[str, tuple[Callable[[Block], object], str]] = {
    "a norm's hook": (lambda block: block.pre.register_forward_hook(lambda *_: None), "have hooks"),
    "a layer's hook": (lambda block: block.layer.register_full_backward_hook(lambda *_: None), "has hooks"),
    "a foreign norm": (lambda block: setattr(block, "pre", OwnNorm(6)), "not the block's own"),
    "two norms": (lambda block: setattr(block, "post", LayerNorm(6)), "not the block's own"),
    "other channels": (lambda block: setattr(block.pre, "channel_axis", 2), "one number a channel"),
    "a foreign layer": (lambda block: setattr(block, "layer", OwnLayer(4, 6, 3)), "around OwnLayer"),
    "a foreign residual": (lambda block: setattr(block, "shortcut", OwnLayer(4, 6, 3)), "around OwnLayer"),
    "padding by words": (lambda block: setattr(block.layer, "padding", "valid"), "zeros in numbers"),
    "another padding": (lambda block: setattr(block.layer, "padding_mode", "circular"), "zeros in numbers"),
    "an unknown activation": (lambda block: setattr(block, "activation", F.gelu), "activations but selu"),
}


@pytest.mark.parametrize("change", NOT_NATIVE)
def test_what_the_kernel_cannot_do_is_computed_eagerly(change: str) -> None:
    """Also where the block was changed after a first call."""
    block, x = block_of(nn.Conv2d(4, 6, 3)), torch.randn(6, 4, 9, 8)
    block(x)
    make, reason = NOT_NATIVE[change]
    make(block)
    if change != "other channels":  # of which there are not as many
        ours, theirs = (results(block, engine, x) for engine in ("auto", "eager"))
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    with pytest.raises(ValueError, match=f"engine must be eager or auto.*{reason}.*got native"):
        results(block, "native", x)


def test_a_machine_without_a_compiler_still_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    library.load.cache_clear()
    try:
        block, x = block_of(nn.Linear(4, 6)), torch.randn(5, 4)
        assert torch.equal(results(block, "auto", x)["out"], results(block, "eager", x)["out"])
        with pytest.raises(ValueError, match="or auto without a C compiler"):
            results(block, "native", x)
    finally:
        library.load.cache_clear()


def test_a_geometry_and_weights_that_are_changed_later_are_followed() -> None:
    block, x = block_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    block(x)
    cast(nn.Conv2d, block.layer).stride = (2, 1)
    assert_same(block, x)
    block.layer = nn.Conv2d(4, 8, 3)
    block.pre = BatchNorm(8)
    assert_same(block, x)
    assert_same(block.double(), x.double())


def test_images_smaller_than_the_window_are_refused_by_torch() -> None:
    for layer, shape in ((nn.Conv2d(1, 6, 3), (2, 1, 2, 4)), (nn.Conv2d(4, 6, 3), (2, 4, 2, 4))):
        with pytest.raises(RuntimeError, match=r"[Kk]ernel size can't be greater than actual input size"):
            Block(layer, "bn_pre", engine="native")(torch.randn(shape))


def test_an_unknown_engine_gets_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"engine must be one of auto, eager, native.*Did you mean native\?"):
        Block(nn.Linear(5, 6), "ln", engine="nativ")  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script. is deprecated:FutureWarning")  # in torch's forward_ad
def test_where_torch_looks_into_the_block_it_sees_plain_operations() -> None:
    block, x = block_of(nn.Linear(5, 6)).eval(), torch.randn(7, 5)
    expected = block(x)
    torch.testing.assert_close(torch.func.vmap(block)(x), expected)
    torch.testing.assert_close(make_fx(block)(torch.zeros(7, 5))(x), expected)
    with forward_ad.dual_level():
        out, tangent = forward_ad.unpack_dual(block(forward_ad.make_dual(x, torch.ones_like(x))))
    torch.testing.assert_close(out, expected)
    assert tangent is not None and tangent.isfinite().all()
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        assert block(fake.from_tensor(x)).shape == expected.shape


def test_second_derivatives_are_refused_and_the_eager_engine_has_them() -> None:
    block, x = block_of(nn.Linear(3, 4)).double(), torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="engine must be eager for second derivatives"):
        torch.autograd.grad(block(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="engine must be eager for batched gradients"):
        torch.autograd.functional.jacobian(block, x.detach(), vectorize=True)
    block.engine = "eager"
    assert torch.autograd.gradgradcheck(copy.deepcopy(block), (x,))


def test_going_backward_twice_through_a_graph_that_is_retained() -> None:
    block, x = block_of(nn.Conv2d(4, 6, 3), engine="native"), torch.randn(IMAGES)
    out = block(x)
    out.square().sum().backward(retain_graph=True)
    once = [p.grad.clone() for p in block.parameters() if p.grad is not None]
    out.square().sum().backward()
    torch.testing.assert_close([p.grad for p in block.parameters()], [2 * grad for grad in once])
    with pytest.raises(RuntimeError, match="second time"):
        out.sum().backward()


@pytest.mark.parametrize("kind", ["products of matrices", "computed by the kernel"])
def test_a_parameter_changed_between_the_passes_is_noticed(kind: str) -> None:
    make, shape = LAYERS[kind]
    block = block_of(make(), engine="native")
    out = block(torch.randn(shape))
    with torch.no_grad():
        cast(Tensor, block.layer.weight).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_frozen_parameters_get_no_gradient() -> None:
    block, x = block_of(nn.Conv2d(4, 6, 3), residual=True), torch.randn(IMAGES)
    block.layer.requires_grad_(False)
    block.pre.requires_grad_(False)
    assert "d layer.weight" not in results(block, "native", x)
    assert_same(block, x)
    assert_same(block.requires_grad_(False), x)


def test_training_after_a_first_call_in_inference_mode() -> None:
    block, x = block_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    with torch.inference_mode():
        assert block.eval()(x).isfinite().all()
    assert_same(block.train(), x)


def test_a_plain_network_keeps_six_tenths_of_what_torch_keeps() -> None:
    sizes = ((1, 16), (16, 32), (32, 64))
    blocks = nn.Sequential(*(Block(nn.Conv2d(*size, 3, stride=2), "bn_pre") for size in sizes))
    plain = [(nn.Conv2d(*size, 3, stride=2), nn.BatchNorm2d(size[1]), nn.SELU()) for size in sizes]
    x = torch.randn(8, 1, 28, 28)
    assert saved_bytes(blocks, x) <= 0.6 * saved_bytes(nn.Sequential(*itertools.chain(*plain)), x)


def saved_bytes(model: nn.Module, x: Tensor) -> int:
    """Of the storages that autograd keeps between the passes, without parameters and input."""
    known = {tensor.untyped_storage().data_ptr() for tensor in (x, *model.parameters())}
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = model(x)
    del out
    return sum(storages.values())


@pytest.mark.parametrize("name", ["selu", "silu", "tanh"])
def test_activations_by_polynomials_are_exact_to_single_precision(name: str) -> None:
    function: Any = {"selu": F.selu, "silu": F.silu, "tanh": torch.tanh}[name]
    x = torch.cat([torch.linspace(-100, 100, 100_001), torch.logspace(-8, 0, 100), -torch.logspace(-8, 0, 100)])
    block = Block(nn.Linear(1, 1), "no_norm", name, engine="native")
    with torch.no_grad():
        layer: Any = block.layer
        layer.weight.fill_(1)
        layer.bias.zero_()
        ours, exact = block(x[:, None])[:, 0].double(), function(x.double())
        at_zero = block(torch.zeros(1, 1)).item()
    assert ((ours - exact).abs() <= 4e-7 * exact.abs().clamp(min=1)).all()
    assert at_zero == 0


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layer", ["products of matrices", "computed by the kernel"])
def test_the_gradient_of_a_bias_that_batch_norm_cancels_is_zero(layer: str, training: bool) -> None:
    make, shape = LAYERS[layer]
    block = block_of(make(), engine="native").train(training)
    found = results(block, "native", torch.randn(shape), needs_x=layer != "computed by the kernel")
    assert bool((found["d layer.bias"] == 0).all()) is training


@pytest.mark.parametrize("norm", ["bn_pre", "bn_post"])
def test_a_row_without_a_number_spoils_no_other_in_evaluation(norm: str) -> None:
    block, x = block_of(nn.Linear(4, 6), norm, "relu").eval(), torch.randn(5, 4)
    x[1, 2] = float("nan")
    found = results(block, "native", x)["d x"].isfinite().all(dim=1)
    assert found.tolist() == results(block, "eager", x)["d x"].isfinite().all(dim=1).tolist()
    assert found[[0, 2, 3, 4]].all()
