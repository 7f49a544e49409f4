"""Which engine computes a call: what each of them needs, what happens without, and what torch sees of a unit."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx

from mgu import MultiGatedUnit
from mgu.layers.normalization import BatchNorm
from mgu.layers.packed import apply_packed, packing_obstacle
from mgu.native import library
from tests.unit.test_engines import assert_same, results, unit_of
from tests.unit.test_unit_contract import IMAGES


def test_a_machine_without_a_compiler_still_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    library.load.cache_clear()
    try:
        unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
        assert_same(results(unit, "auto", x), results(unit, "eager", x))
        with pytest.raises(ValueError, match="or auto without a C compiler"):
            results(unit, "native", x)
    finally:
        library.load.cache_clear()


class OwnNorm(BatchNorm):
    pass


NOT_FAST = {
    "a norm's hook": (lambda unit: unit.ln.register_forward_hook(lambda *_: None), "have hooks"),
    "a frozen norm": (lambda unit: unit.bn_before_activation.eval(), "differ in mode"),
    "another momentum": (lambda unit: setattr(unit.bn_after_activation, "momentum", 0.5), "differ in mode"),
    "a foreign norm": (lambda unit: setattr(unit, "bn_after_activation", OwnNorm(6)), "not the unit's own"),
    "a norm elsewhere": (lambda unit: unit.ln.to("meta"), "one number a channel"),
    "an unknown activation": (lambda unit: setattr(unit, "activation", F.gelu), "activations but selu"),
}


@pytest.mark.parametrize("change", NOT_FAST)
def test_what_the_fast_engines_cannot_do_is_computed_eagerly(change: str) -> None:
    """Also where the unit was changed after a first call."""
    unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    unit(x)
    make, reason = NOT_FAST[change]
    make(unit)
    if change != "a norm elsewhere":  # which nothing can compute
        assert_same(results(unit, "auto", x), results(unit, "eager", x))
    with pytest.raises(ValueError, match=f"engine must be eager.*{reason}.*got native"):
        results(unit, "native", x)


NOT_PACKABLE = {
    "a hook": (lambda unit: unit.bypass.register_forward_hook(lambda *_: None), "have hooks"),
    "a backward hook": (lambda unit: unit.bypass.register_full_backward_pre_hook(lambda *_: None), "have hooks"),
    "another geometry": (lambda unit: setattr(unit.bypass, "padding_mode", "circular"), "differ from one another"),
}


@pytest.mark.parametrize("change", NOT_PACKABLE)
def test_transforms_that_are_no_one_layer_are_computed_one_by_one(change: str) -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    unit(x)
    make, reason = NOT_PACKABLE[change]
    make(unit)
    for engine in ("auto", "native"):
        assert_same(results(unit, engine, x), results(unit, "eager", x))
    with pytest.raises(ValueError, match=f"engine must not be packed.*{reason}"):
        results(unit, "packed", x)


def test_a_layer_that_changes_the_precision_gives_no_wrong_numbers() -> None:
    """The compiled function would read them as the input's; torch refuses them."""

    class Doubling(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).double()

    with pytest.raises(RuntimeError, match="share same datatype"):
        MultiGatedUnit(Doubling(4, 6))(torch.randn(5, 4))


def test_hooks_are_called() -> None:
    unit, x, calls = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES), list[str]()
    unit(x)
    assert unit.bypass
    unit.bypass.register_forward_hook(lambda *_: calls.append("bypass"))
    cast(nn.Module, unit.ln).register_forward_hook(lambda *_: calls.append("ln"))
    unit(x)
    assert calls == ["bypass", "ln"]


def test_an_activation_or_a_geometry_that_is_changed_later_is_followed() -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    unit(x)
    unit.activation = F.relu
    for transform in (unit.layer, unit.bypass, *unit.gate_transforms.values()):
        cast(nn.Conv2d, transform).dilation = (2, 2)
    assert_same(results(unit, "native", x), results(unit, "eager", x))


def test_an_unknown_engine_gets_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"engine must be one of auto, .*Did you mean native\?"):
        MultiGatedUnit(nn.Linear(5, 6)).engine = "nativ"


@pytest.mark.filterwarnings("ignore:.*torch.jit.script. is deprecated:FutureWarning")  # in torch's forward_ad
def test_where_torch_looks_into_the_unit_it_sees_plain_operations() -> None:
    unit, x = unit_of(nn.Linear(5, 6)).eval(), torch.randn(7, 5)
    expected = unit(x)
    torch.testing.assert_close(torch.func.vmap(unit)(x), expected)
    torch.testing.assert_close(make_fx(unit)(torch.zeros(7, 5))(x), expected)
    with forward_ad.dual_level():
        out, tangent = forward_ad.unpack_dual(unit(forward_ad.make_dual(x, torch.ones_like(x))))
    torch.testing.assert_close(out, expected)
    assert tangent is not None and tangent.isfinite().all()
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        assert unit(fake.from_tensor(x)).shape == expected.shape


def test_batched_gradients_are_refused_in_words() -> None:
    unit, x = unit_of(nn.Linear(3, 4)).double(), torch.randn(2, 3, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="engine must be eager or packed for batched gradients"):
        torch.autograd.functional.jacobian(unit, x, vectorize=True)


def test_parameters_that_processes_share_stay_shared() -> None:
    unit, x = unit_of(nn.Conv2d(4, 6, 3)).share_memory(), torch.randn(IMAGES)
    assert_same(results(unit, "native", x), results(unit, "eager", x))
    unit(x)
    assert all(parameter.is_shared() for parameter in unit.parameters())


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_modes(mode: Any) -> None:
    layers = [nn.Conv2d(4, 6, 3, padding=(1, 2), padding_mode=mode) for _ in range(3)]
    assert packing_obstacle(layers, -3) is None
    x = torch.randn(IMAGES)
    torch.testing.assert_close(apply_packed(layers, x), torch.cat([layer(x) for layer in layers], dim=1))
