"""Gates and bypasses that cost less, against their formulas written out by hand, in float64."""

from __future__ import annotations

import copy
import itertools
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from mgu import MultiGatedUnit
from mgu.config.identity import identity_values
from mgu.errors import UserError
from mgu.factory.blocks import build_block
from mgu.layers.channels import Channels
from mgu.layers.weight_init import fresh_copy
from mgu.unit.engine import Engine
from mgu.unit.wiring import BYPASS_KINDS, GATE_KINDS, BypassKind, GateKind
from tests.conftest import Configure
from tests.unit.test_engines import assert_same, results, unit_of
from tests.unit.test_unit_contract import LAYERS
from tests.unit.test_unit_equations import ByHand, equations

CHEAP = [kind for kind in GATE_KINDS if kind != "replica"]


class ByHandFor(ByHand):
    """Transforms of a unit around a 3x3 convolution padded by one, or a dense layer, for other gates and bypasses."""

    def __init__(self, unit: MultiGatedUnit, gate: str, bypass: str) -> None:
        super().__init__(unit)
        self.kinds = {"layer": "replica", "bypass": bypass}
        self.gate = gate

    def t(self, name: str, x: Tensor) -> Tensor:
        kind = self.kinds.get(name, self.gate)
        prefix = name if name in self.kinds else f"gate_transforms.{name}"
        own: dict[str, Tensor] = {
            key.removeprefix(f"{prefix}."): w for key, w in self.weights.items() if key.startswith(f"{prefix}.")
        }
        return self.dense(kind, own, x) if self.is_linear else self.convolved(kind, name, own, x)

    def dense(self, kind: str, own: dict[str, Tensor], x: Tensor) -> Tensor:
        if kind in ("replica", "spatial"):
            return x @ own["weight"].T + own["bias"]
        if kind == "squeeze":
            return self.narrow(own, x)
        return x if kind in ("identity", "padded") else own["bias"]

    def convolved(self, kind: str, name: str, own: dict[str, Tensor], x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        padded = x.new_zeros(batch, channels, height + 2, width + 2)
        padded[:, :, 1:-1, 1:-1] = x
        patches = padded.unfold(2, 3, 1).unfold(3, 3, 1)  # (B, C, H, W, 3, 3)
        if kind in ("replica", "spatial"):
            return torch.einsum("bchwij,ocij->bohw", patches, own["weight"]) + own["bias"][:, None, None]
        if kind == "depthwise":
            by_channel = torch.einsum("bchwij,cij->bchw", patches, own["depthwise.weight"][:, 0])
            return self.pointwise(own["pointwise.weight"], own["pointwise.bias"], by_channel)
        if kind == "projection":
            mean = patches.sum((-1, -2)) / 9
            return self.bn(f"{name}.2", torch.einsum("bchw,oc->bohw", mean, own["1.weight"][:, :, 0, 0]))
        if kind == "squeeze":
            return self.narrow(own, x.sum((2, 3)) / (height * width))[:, :, None, None]
        return x if kind in ("identity", "padded") else own["bias"][:, None, None]

    @staticmethod
    def pointwise(weight: Tensor, bias: Tensor, x: Tensor) -> Tensor:
        return torch.einsum("bchw,oc->bohw", x, weight[:, :, 0, 0]) + bias[:, None, None]

    @staticmethod
    def narrow(own: dict[str, Tensor], features: Tensor) -> Tensor:
        inner = features @ own["reduce.weight"].T + own["reduce.bias"]
        return torch.where(inner > 0, inner, 0) @ own["expand.weight"].T + own["expand.bias"]


CASES = [
    *(("conv2d", gate, bypass) for gate, bypass in itertools.product(GATE_KINDS, BYPASS_KINDS)),
    *(("linear", gate, "identity") for gate in GATE_KINDS if gate != "depthwise"),
]


@pytest.mark.parametrize(("kind", "gate", "bypass"), CASES)
def test_outputs_and_gradients_are_those_of_the_formulas(kind: str, gate: GateKind, bypass: BypassKind) -> None:
    layer = nn.Linear(4, 4) if kind == "linear" else nn.Conv2d(4, 4, 3, padding=1)
    unit = MultiGatedUnit(layer, gate=gate, bypass=bypass).double()
    for parameter in unit.parameters():
        nn.init.normal_(parameter, std=0.5)
    x = torch.randn((7, 4) if kind == "linear" else (2, 4, 6, 5), dtype=torch.float64, requires_grad=True)
    inputs = [x, *unit.parameters()]
    ours, by_hand = unit(x), equations(ByHandFor(unit, gate, bypass), x, residual_gate=True)
    torch.testing.assert_close(ours, by_hand, rtol=1e-10, atol=1e-10)
    direction = torch.randn_like(ours)
    theirs = torch.autograd.grad(by_hand, inputs, direction)
    for mine, hand in zip(torch.autograd.grad(ours, inputs, direction), theirs, strict=True):
        torch.testing.assert_close(mine, hand, rtol=1e-9, atol=1e-9)


SHAPES = {"replica": (2, 6, 5, 4), "depthwise": (2, 6, 5, 4), "squeeze": (2, 6, 1, 1), "spatial": (2, 1, 5, 4),
          "channel": (6, 1, 1), "scalar": (1, 1, 1)}  # fmt: skip


@pytest.mark.parametrize("gate", GATE_KINDS)
def test_the_shape_of_a_gate_and_where_it_starts(gate: GateKind) -> None:
    unit, x = (
        MultiGatedUnit(nn.Conv2d(4, 6, 3, stride=2), gate=gate, gate_bias={"skip": 200.0}),
        torch.randn(2, 4, 11, 9),
    )
    gates = unit.gates(x)
    assert {value.shape for value in gates.values()} == {SHAPES[gate]}
    assert (gates["skip"] == 1).all() and (gates["bn_order"] - 0.5).abs().max() < 0.5
    assert all(value.shape == (2, 6, 5, 4) for value in unit.branches(x).values())
    torch.testing.assert_close(torch.sigmoid(unit.transform("residual")(x)), gates["residual"])


WITHOUT_GEOMETRY = ("channel", "scalar")  # which fit any layer


@pytest.mark.parametrize("gate", CHEAP)
@pytest.mark.parametrize("kind", LAYERS)
def test_a_gate_fits_the_layer_or_says_which_do(kind: str, gate: GateKind) -> None:
    layer, shape, *_ = LAYERS[kind]
    layer = copy.deepcopy(layer)
    is_transposed = isinstance(layer, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d))
    fits = gate in WITHOUT_GEOMETRY or (
        isinstance(layer, (nn.Conv1d, nn.Conv2d, nn.Conv3d))
        or (gate != "depthwise" and (is_transposed or isinstance(layer, nn.Linear)))
    )
    if not fits:
        with pytest.raises(
            TypeError, match=f"gate={gate} must be around .*, but got {type(layer).__name__}. Use mgu.gate=repl"
        ):
            MultiGatedUnit(layer, gate=gate)
        return
    unit, x = MultiGatedUnit(layer, gate=gate, bypass="replica"), torch.randn(shape)
    out = unit(x)
    assert out.shape == layer(x).shape
    (out * torch.randn_like(out)).sum().backward()
    assert all(parameter.grad is not None for parameter in unit.parameters())
    assert all(cast(Any, transform).bias.grad.abs().max() > 0 for transform in unit.gate_transforms.values()
               if transform.bias is not None)  # fmt: skip


@pytest.mark.parametrize("bypass", ["projection", "identity", "padded"])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_bypass_fits_the_layer_or_says_which_do(kind: str, bypass: BypassKind) -> None:
    layer, shape, *_ = LAYERS[kind]
    unfit = () if bypass == "padded" else ("dilated, no bias", "same padding")
    if "transposed" in kind or kind in (*unfit, "a user's own"):
        with pytest.raises(
            TypeError, match=rf"bypass={bypass} must be around .*, but got {type(layer).__name__}\. Use"
        ):
            MultiGatedUnit(copy.deepcopy(layer), bypass=bypass)
        return
    unit, x = MultiGatedUnit(copy.deepcopy(layer), bypass=bypass), torch.randn(shape)
    assert unit.branches(x)["bypass"].shape == unit(x).shape == layer(x).shape


@pytest.mark.parametrize("layer", [nn.Linear(6, 6), nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding="same"),
                                   nn.Conv2d(6, 6, 1, padding="valid"), nn.Conv2d(6, 6, 2, dilation=2, padding=1),
                                   nn.Conv1d(6, 6, 5, padding=4, dilation=2)])  # fmt: skip
def test_an_identity_bypass_is_the_input_itself(layer: nn.Module) -> None:
    unit = MultiGatedUnit(layer, bypass="identity")
    x = torch.randn((3, 6) if isinstance(layer, nn.Linear) else (3, 6, *(8,) * len(layer.kernel_size)))  # type: ignore[arg-type]
    assert unit.branches(x)["bypass"] is x and isinstance(unit.bypass, nn.Identity)


@pytest.mark.parametrize("layer", [
    nn.Conv2d(4, 6, 3), nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(4, 4, 5, stride=2, padding=1),
    nn.Conv2d(4, 6, (4, 3), stride=(3, 2), padding=(1, 0)), nn.Conv2d(4, 6, 3, dilation=2, padding="same"),
    nn.Conv2d(4, 6, 5, padding="same"), nn.Conv1d(4, 8, 5, padding="valid"), nn.Conv3d(4, 5, 3, stride=2, padding=1),
    nn.Conv2d(4, 8, 3, groups=2), nn.Conv2d(4, 6, 1), nn.Conv2d(4, 6, 4, dilation=2),
], ids=str)  # fmt: skip
def test_a_padded_bypass_is_a_convolution_that_takes_the_centre_of_each_window(layer: nn.Conv2d) -> None:
    """A kernel of zeros with a one at its centre, from each channel of the input to the same of the output."""
    unit, axes = MultiGatedUnit(layer, bypass="padded"), len(layer.kernel_size)
    kind: Any = type(layer)
    taker = kind(
        *(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation),
        bias=False,
    )
    nn.init.zeros_(taker.weight)
    for channel in range(layer.in_channels):
        taker.weight.data[(channel, channel, *((size - 1) // 2 for size in layer.kernel_size))] = 1
    x = torch.randn(2, 4, *range(11, 11 + axes))
    torch.testing.assert_close(unit.branches(x)["bypass"], taker(x))
    assert unit.bypass is not None and not list(unit.bypass.parameters())


@pytest.mark.parametrize(("layer", "message"), [
    (nn.ConvTranspose2d(4, 6, 3), "around a Linear layer or a convolution that is not transposed, but got ConvTr"),
    (nn.Conv2d(4, 4, 3, padding=2), r"centres inside of the input, but got padding \(2, 2\)"),
    (nn.Conv2d(4, 3, 3, dilation=2), "bypass=padded where a layer takes channels away must be .* without dilation"),
])  # fmt: skip
def test_what_cannot_be_padded(layer: nn.Module, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        MultiGatedUnit(layer, bypass="padded")


@pytest.mark.parametrize("layer", [nn.Linear(6, 4), nn.Conv2d(6, 4, 3)])
def test_where_a_layer_takes_channels_away_padding_is_the_projection(layer: nn.Module) -> None:
    unit, projected = (MultiGatedUnit(layer, bypass=bypass).bypass for bypass in ("padded", "projection"))
    assert str(unit) == str(projected)


@pytest.mark.parametrize("bypass", ["projection", "identity"])
def test_a_projection_does_not_grow_with_depth(bypass: BypassKind) -> None:
    """Each channel of it has mean 0 and variance 1 over the batch, whatever came before, and the run's own numbers."""
    layers = [nn.Conv2d(width, width + 2, 3, padding=1) for width in range(4, 24, 2)]
    units = [MultiGatedUnit(layer, bypass=bypass, gate="channel", bn_momentum=1.0, bn_eps=1e-6) for layer in layers]
    x = torch.randn(3, 4, 6, 5) * 1e6
    for unit in units:
        var, mean = torch.var_mean(unit.branches(x)["bypass"], (0, 2, 3), correction=0)
        torch.testing.assert_close(torch.stack([mean, var]), torch.tensor([[0.0], [1.0]]).expand(2, len(var)),
                                   atol=1e-3, rtol=0)  # fmt: skip
        x = unit(x)
    assert x.abs().max() < 100


def test_identity_and_projection_are_not_what_an_earlier_version_trained(configure: Configure) -> None:
    """Whose projections had no norm: its runs are no seeds of these."""
    named: dict[str, Any] = {b: configure("mgu=equations", f"mgu.bypass={b}").mgu for b in BYPASS_KINDS}
    assert "bypass" not in identity_values(named["replica"])
    assert [identity_values(named[b])["bypass"] for b in ("projection", "identity")] == [
        ["projection", "batch_norm"], ["identity", "batch_norm"]]  # fmt: skip


def test_a_padding_beyond_half_the_kernel_has_no_projection() -> None:
    layer = nn.Conv2d(4, 4, 3, padding=2)
    with pytest.raises(TypeError, match=r"padding of at most half its kernel, but got padding \(2, 2\) for"):
        MultiGatedUnit(layer, bypass="projection")
    assert MultiGatedUnit(layer, bypass="replica")(torch.randn(2, 4, 5, 5)).shape == (2, 4, 7, 7)


def test_gates_live_where_the_layer_lives() -> None:
    for gate, bypass in itertools.product(GATE_KINDS, BYPASS_KINDS):
        double = MultiGatedUnit(nn.Conv2d(4, 6, 3).double(), gate=gate, bypass=bypass)
        assert {parameter.dtype for parameter in double.parameters()} == {torch.float64}
        meta = MultiGatedUnit(nn.Conv2d(4, 6, 3, device="meta"), gate=gate, bypass=bypass)
        assert meta(torch.empty(2, 4, 7, 7, device="meta")).shape == (2, 6, 5, 5)


@pytest.mark.parametrize("words", [{"gate": "squeze"}, {"bypass": "identty"}])
def test_an_unknown_kind_gets_the_nearest(words: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"(gate|bypass) must be one of .*Did you mean (squeeze|identity)\?"):
        MultiGatedUnit(nn.Linear(5, 6), **words)  # type: ignore[arg-type]


def two_layers(layer: nn.Module) -> nn.Module:
    """A gate with a hidden layer."""
    assert isinstance(layer, nn.Linear)
    return nn.Sequential(nn.Linear(layer.in_features, 3), nn.Tanh(), nn.Linear(3, 1))


@pytest.mark.parametrize("engine", ["eager", "auto", "native"])
def test_gates_and_bypass_can_be_made_by_a_function(engine: Engine) -> None:
    made: list[nn.Module] = []

    def rectified(layer: nn.Module) -> nn.Module:
        made.append(nn.Sequential(fresh_copy(layer), nn.ReLU()))
        return made[-1]

    layer = nn.Linear(5, 6).double()
    unit = MultiGatedUnit(layer, gate=two_layers, bypass=rectified, engine=engine).eval()
    x = torch.randn(7, 5, dtype=torch.float64)
    gates, branches = unit.gates(x), unit.branches(x)
    assert {value.shape for value in gates.values()} == {(7, 1)} and unit.bypass is made[0] and len(made) == 1
    assert len({id(module) for module in unit.gate_transforms.values()}) == 5
    assert branches["bypass"].min() == 0 and {p.dtype for p in unit.parameters()} == {torch.float64}
    torch.testing.assert_close(gates["skip"], torch.sigmoid(unit.transform("skip")(x)))
    torch.testing.assert_close(
        unit(x), gates["skip"] * branches["processed"] + (1 - gates["skip"]) * branches["bypass"]
    )


@pytest.mark.parametrize("argument", ["gate", "bypass"])
def test_a_function_that_makes_no_module_is_refused(argument: str) -> None:
    expected = f"{argument} must be a name or a function from the layer to a new module, but got"
    with pytest.raises(TypeError, match=f"{expected} one that returns Parameter. Return a torch.nn.Module"):
        MultiGatedUnit(nn.Linear(5, 6), **{argument: lambda layer: layer.weight})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=rf"{expected} a Linear. Pass lambda layer: Linear\(...\)"):
        MultiGatedUnit(nn.Linear(5, 6), **{argument: nn.Linear(5, 6)})  # type: ignore[arg-type]


def test_a_gate_that_does_not_fit_is_the_users_to_mend(configure: Configure) -> None:
    config = configure("mgu=equations", "mgu.gate=depthwise")
    with pytest.raises(UserError, match=r"mgu: gate=depthwise must be around a convolution .* but got Linear"):
        build_block(config, nn.Linear(5, 6), index=0, channels=Channels(6, -1))


@pytest.mark.slow
@pytest.mark.parametrize(("gate", "bypass"), [*itertools.product(GATE_KINDS, BYPASS_KINDS)])
def test_the_compiled_function_takes_any_gate_and_bypass(gate: GateKind, bypass: BypassKind) -> None:
    for wiring, residual_gate, training in itertools.product(("equations", "reference"), (True, False), (True, False)):
        kinds: dict[str, Any] = {"gate": gate, "bypass": bypass, "wiring": wiring, "residual_gate": residual_gate}
        unit = unit_of(nn.Conv2d(4, 6, 3), **kinds).train(training).double()
        x = torch.randn(2, 4, 7, 6, dtype=torch.float64)
        assert_same(results(unit, "native", x), results(unit, "eager", x))


class Shrunk(nn.Module):
    """One number a channel, which broadcasts."""

    def forward(self, x: Tensor) -> Tensor:
        return x.new_ones(1, 3, 1, 1)


class Emptied(nn.Module):
    """No rows, whatever it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 6))

    def reset_parameters(self) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.weight)[:0]


@pytest.mark.parametrize("gate", ["channel", "scalar", "squeeze"])
def test_hooks_on_gates_and_bypasses_that_broadcast_give_the_same_numbers(gate: GateKind) -> None:
    """With as many images as channels, a shape says nothing."""
    unit, x = unit_of(nn.Conv2d(4, 3, 3), gate=gate), torch.randn(3, 4, 7, 7)
    unit.bypass = Shrunk()
    assert_same(results(unit, "native", x), results(unit, "eager", x))
    unit.gate_transforms["skip"].register_forward_hook(lambda module, given, out: out + x.mean((1, 2, 3), keepdim=True))
    assert_same(results(unit, "native", x), results(unit, "eager", x))


@pytest.mark.parametrize("gate", ["replica", "channel"])
def test_a_layer_that_gives_nothing_of_something_ends_as_the_plain_computation_does(gate: GateKind) -> None:
    unit, x = MultiGatedUnit(Emptied(), gate=gate, num_channels=6, channel_axis=-1), torch.randn(3, 4)
    messages = []
    for unit.engine in ("eager", "native"):
        with pytest.raises(Exception) as found:
            unit(x)
        messages.append(f"{found.type} {found.value}")
    assert messages[0] == messages[1]


def test_other_gates_are_no_one_wide_layer() -> None:
    unit, x = MultiGatedUnit(nn.Conv2d(4, 6, 3), gate="channel"), torch.randn(2, 4, 7, 7)
    unit(x)
    unit.engine = "packed"
    with pytest.raises(ValueError, match="engine must not be packed where the transforms differ"):
        unit(x)
