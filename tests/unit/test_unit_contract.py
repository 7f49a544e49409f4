"""The contract of the unit: every kind of layer can be wrapped, and PyTorch treats a unit as any other module."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from mgu import MultiGatedUnit
from mgu.layers.block import Block
from mgu.layers.weight_init import fresh_copy


class Gated(nn.Module):
    """A user's own layer: two matrices, of which the unit knows nothing."""

    def __init__(self, out_features: int = 6) -> None:
        super().__init__()
        self.out_features = out_features
        self.value, self.scale = nn.Parameter(torch.empty(out_features, 5)), nn.Parameter(torch.empty(out_features, 5))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.orthogonal_(self.value)
        nn.init.normal_(self.scale)

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.value.T) * (x @ self.scale.T)


IMAGES, VOLUMES, SIGNALS = (2, 4, 9, 8), (2, 4, 7, 6, 5), (2, 4, 12)
LAYERS = {
    "linear": (nn.Linear(5, 6), (3, 5), 6, -1),
    "linear on sequences": (nn.Linear(5, 6), (3, 7, 5), 6, -1),
    "linear without bias": (nn.Linear(5, 6, bias=False), (3, 5), 6, -1),
    "conv1d": (nn.Conv1d(4, 6, 3), SIGNALS, 6, 1),
    "conv2d": (nn.Conv2d(4, 6, 3, stride=2, padding=1), IMAGES, 6, 1),
    "conv3d": (nn.Conv3d(4, 6, 3), VOLUMES, 6, 1),
    "grouped": (nn.Conv2d(4, 6, 3, groups=2), IMAGES, 6, 1),
    "depthwise": (nn.Conv2d(4, 8, 3, groups=4), IMAGES, 8, 1),
    "dilated, no bias": (nn.Conv2d(4, 6, 3, dilation=2, bias=False), IMAGES, 6, 1),
    "same padding": (nn.Conv2d(4, 6, 3, padding="same"), IMAGES, 6, 1),
    "transposed 1d": (nn.ConvTranspose1d(4, 6, 3, stride=2), SIGNALS, 6, 1),
    "transposed 2d": (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2, output_padding=1), IMAGES, 6, 1),
    "transposed 3d": (nn.ConvTranspose3d(4, 6, 2), VOLUMES, 6, 1),
    "a user's own": (Gated(), (3, 5), 6, -1),
}


@pytest.mark.parametrize("wiring", ["equations", "reference"])
@pytest.mark.parametrize("kind", LAYERS)
def test_any_layer_can_be_wrapped_and_trained(kind: str, wiring: str) -> None:
    layer, shape, channels, axis = LAYERS[kind]
    unit, x = MultiGatedUnit(copy.deepcopy(layer), wiring=wiring), torch.randn(shape)
    out = unit(x)
    assert out.shape == layer(x).shape and out.shape[axis] == channels
    assert all(gate.shape == out.shape for gate in unit.gates(x).values())
    (out * torch.randn_like(out)).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in unit.parameters())
    statistics = cast(nn.BatchNorm2d, unit.bn_before_activation).running_mean
    assert statistics is not None
    assert statistics.shape == (channels,) and statistics.abs().max() > 0


def test_the_layer_keeps_its_weights_and_the_copies_draw_their_own() -> None:
    layer = nn.Conv2d(3, 8, 3)
    before = layer.weight.clone()
    unit = MultiGatedUnit(layer)
    transforms: list[Any] = [unit.transform(name) for name in ("layer", "bypass", *unit.gate_names)]
    assert torch.equal(transforms[0].weight, before)
    bound = (6 / (3 * 9 + 8 * 9)) ** 0.5  # Glorot and Bengio 2010, by the fan of one transform
    for i, transform in enumerate(transforms[1:], start=1):
        assert transform.weight.abs().max() <= bound and transform.weight.abs().max() > 0.9 * bound
        assert torch.equal(transform.bias, torch.zeros(8))
        assert not any(torch.equal(transform.weight, other.weight) for other in transforms[:i])


def test_a_transform_stands_alone() -> None:
    unit, x = MultiGatedUnit(nn.Conv2d(4, 6, 3)).eval(), torch.randn(IMAGES)
    for name, gate in unit.gates(x).items():
        torch.testing.assert_close(torch.sigmoid(unit.transform(name)(x)), gate)
    torch.testing.assert_close(unit.transform("bypass")(x), unit.branches(x)["bypass"])
    nn.init.zeros_(cast(Tensor, unit.transform("layer").weight))
    assert cast(Tensor, unit.layer.weight).abs().max() > 0


def test_gate_bias_per_gate() -> None:
    unit = MultiGatedUnit(nn.Linear(5, 6), gate_bias={"skip": -2.0, "residual": 1.0})
    biases = {name: cast(Any, unit.transform(name)).bias.unique().tolist() for name in unit.gate_names}
    assert biases == {"bn_order": [0], "bn_or_ln": [0], "norm_or_none": [0], "residual": [1], "skip": [-2]}


def test_six_transforms_without_the_residual_gate() -> None:
    unit = MultiGatedUnit(nn.Linear(5, 6), residual_gate=False)
    assert unit.gate_names == ("bn_order", "bn_or_ln", "norm_or_none", "skip")
    assert sum(isinstance(module, nn.Linear) for module in unit.modules()) == 6
    assert "with_residual" not in unit.branches(torch.randn(3, 5))


def test_an_embedding_and_a_layer_fed_by_one() -> None:
    words = torch.randint(10, (3, 7))
    embedding, dense = MultiGatedUnit(nn.Embedding(10, 5)), MultiGatedUnit(nn.Linear(5, 6))
    network = nn.Sequential(embedding, dense)
    out = network(words)
    assert out.shape == (3, 7, 6)
    (out * torch.randn_like(out)).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in network.parameters())


class Elman(nn.Module):
    """A recurrent cell whose input transform is a unit: h' = tanh(unit(x) + W h)."""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        self.out_features = num_out
        self.input, self.hidden = MultiGatedUnit(nn.Linear(num_in, num_out)), nn.Linear(num_out, num_out, bias=False)

    def forward(self, sequence: Tensor) -> Tensor:
        """(B, T, C) to the last state, (B, C')."""
        state = sequence.new_zeros(len(sequence), self.out_features)
        for x in sequence.unbind(1):
            state = torch.tanh(self.input(x) + self.hidden(state))
        return state


def test_a_recurrent_cell_with_a_unit_as_its_input_transform_learns_to_remember() -> None:
    """The sign of the first of six values: what training it needs must come back through all steps and the unit."""
    cell, readout = Elman(1, 12), nn.Linear(12, 1)
    optimizer = torch.optim.NAdam([*cell.parameters(), *readout.parameters()], lr=0.01)
    losses = []
    for _ in range(150):
        sequence = torch.randn(64, 6, 1)
        logits = readout(cell(sequence)).squeeze(1)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, (sequence[:, 0, 0] > 0).float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[:10]) / 10 > 0.6 and sum(losses[-10:]) / 10 < 0.3
    sequence = torch.randn(64, 6, 1)
    cell.eval()
    torch.testing.assert_close(cell.input(sequence)[:, 2], cell.input(sequence[:, 2]))  # step by step or all at once


def test_a_frozen_layer_gets_gates_that_learn() -> None:
    unit = MultiGatedUnit(nn.Linear(5, 6).requires_grad_(False))
    assert not unit.layer.weight.requires_grad and unit.transform("skip").weight.requires_grad


# What PyTorch does to modules.


def trained_unit() -> tuple[MultiGatedUnit, Tensor]:
    unit, x = MultiGatedUnit(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    unit(x).square().mean().backward()
    return unit, x


def test_state_dict_is_readable_and_goes_through_safetensors(tmp_path: Path) -> None:
    unit, x = trained_unit()
    assert {"layer.weight", "bypass.bias", "gate_transforms.skip.weight", "ln.bias"} <= unit.state_dict().keys()
    save_file(unit.state_dict(), tmp_path / "unit.safetensors")
    other = MultiGatedUnit(nn.Conv2d(4, 6, 3))
    other.load_state_dict(load_file(tmp_path / "unit.safetensors"))
    assert torch.equal(other.eval()(x), unit.eval()(x))


def test_deepcopy_is_independent() -> None:
    unit, x = trained_unit()
    twin, before = copy.deepcopy(unit).eval(), unit.eval()(x)
    with torch.no_grad():
        for parameter in unit.parameters():
            parameter.zero_()
    assert torch.equal(twin(x), before)


def test_double_precision_and_moves() -> None:
    unit, x = trained_unit()
    double = copy.deepcopy(unit).double().eval()
    assert double(x.double()).dtype == torch.float64
    torch.testing.assert_close(double(x.double()).float(), unit.eval()(x), rtol=1e-4, atol=1e-5)
    assert MultiGatedUnit(nn.Linear(5, 6).double())(torch.randn(3, 5).double()).dtype == torch.float64
    assert unit.to("meta")(x.to("meta")).shape == (2, 6, 7, 6)


def test_autocast() -> None:
    unit, x = trained_unit()
    full = unit.eval()(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = unit(x)
    torch.testing.assert_close(half.float(), full, rtol=0.1, atol=0.1)
    unit.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        unit(x).float().square().mean().backward()
    assert cast(Any, unit.bn_after_activation).running_var.dtype == torch.float32


def test_channels_last_gives_the_same_and_stays_channels_last() -> None:
    unit, x = trained_unit()
    plain = unit.eval()(x)
    out = unit.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(out, plain)
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_a_batch_of_one() -> None:
    unit, x = trained_unit()
    torch.testing.assert_close(unit.eval()(x[:1]), unit(x)[:1])
    torch.testing.assert_close(unit(x[0]), unit(x)[0])  # no batch axis at all
    linear = MultiGatedUnit(nn.Linear(5, 6))
    assert linear(torch.randn(1, 5)).isfinite().all()  # one value a channel, in training mode


@pytest.mark.slow
def test_compile_gives_the_same_outputs_gradients_and_statistics() -> None:
    unit, x = MultiGatedUnit(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    twin = copy.deepcopy(unit)
    compiled = torch.compile(twin, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), unit(x))
    for module, run in ((unit, unit), (twin, compiled)):
        module.zero_grad()
        run(x).square().sum().backward()
    for ours, theirs in zip(twin.parameters(), unit.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
    torch.testing.assert_close(twin.state_dict(), unit.state_dict())


def test_export_with_a_dynamic_batch() -> None:
    unit, x = trained_unit()
    unit.eval()
    program = torch.export.export(unit, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    more = torch.randn(5, 4, 9, 8)
    torch.testing.assert_close(program.module()(more), unit(more))


# What is refused, and what the message tells to do.


class Unknown(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(5, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


class Deaf(nn.Linear):
    def reset_parameters(self) -> None:
        nn.init.eye_(self.weight)
        nn.init.zeros_(self.bias)


class HalfDeaf(Gated):
    """Draws two of its three weights anew."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.randn(2, 3))


class Uncopyable(nn.Linear):
    def __deepcopy__(self, memo: object) -> nn.Module:
        raise RuntimeError("holds a socket")


@pytest.mark.parametrize(
    ("layer", "advice"),
    [
        (Unknown(), "Pass num_channels=.* and channel_axis="),
        (nn.LazyLinear(6), "Call it on one batch first"),
        (HalfDeaf(), "'offset' of HalfDeaf stays as it was"),
        (weight_norm(nn.Linear(5, 6)), "original"),
        (Deaf(5, 6), r"reset_parameters\(\) method"),
        (Uncopyable(5, 6), "must allow copy.deepcopy"),
    ],
)
def test_a_layer_that_cannot_be_wrapped_says_what_to_pass(layer: nn.Module, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        MultiGatedUnit(layer)


@pytest.mark.parametrize(
    ("layer", "got"), [(None, "None"), ("linear", "'linear'"), (64, "64"), (nn.Linear, "the class Linear")]
)
@pytest.mark.parametrize("wrap", [MultiGatedUnit, partial(Block, norm="ln")])
def test_what_is_no_module_is_no_layer(wrap: Any, layer: object, got: str) -> None:
    with pytest.raises(TypeError, match=rf"^layer must be a torch\.nn\.Module, but got {got}\. Pass one"):
        wrap(layer)


@pytest.mark.parametrize(
    ("activation", "advice"), [(nn.ReLU, r"the class ReLU\. Pass ReLU\(\)"), (None, "None"), ([], "")]
)
def test_an_activation_is_a_name_or_a_function(activation: Any, advice: str) -> None:
    with pytest.raises(TypeError, match=rf"^activation must be a function or one of selu, .*, but got {advice}"):
        MultiGatedUnit(nn.Linear(5, 6), activation)


def test_a_lazy_layer_is_refused_when_nothing_of_it_is_copied_too() -> None:
    with pytest.raises(TypeError, match="Call it on one batch first"):
        MultiGatedUnit(nn.LazyLinear(6), gate="channel", bypass="padded")


def test_an_unknown_layer_is_wrapped_once_its_channels_are_named() -> None:
    unit = MultiGatedUnit(Unknown(), num_channels=6, channel_axis=-1)
    assert unit(torch.randn(3, 5)).shape == (3, 6)
    with pytest.raises(ValueError, match="7 channels at axis -1"):
        MultiGatedUnit(Unknown(), num_channels=7, channel_axis=-1)(torch.randn(3, 5))


def test_a_layer_with_two_outputs_is_refused_when_called() -> None:
    unit = MultiGatedUnit(nn.LSTM(5, 6), num_channels=6, channel_axis=-1)
    with pytest.raises(TypeError, match="must return one tensor, but LSTM returns tuple"):
        unit(torch.randn(3, 2, 5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"wiring": "equation"}, "Did you mean equations?"),
        ({"activation": "sellu"}, "Did you mean selu?"),
        ({"gate_bias": {"skipp": 0.0}}, "Did you mean skip?"),
        ({"gate_bias": {"residual": 1.0}, "residual_gate": False}, "must name gates of this unit"),
    ],
)
def test_an_unknown_name_gets_the_nearest(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        MultiGatedUnit(nn.Linear(5, 6), **arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Did you mean bn_order"):
        MultiGatedUnit(nn.Linear(5, 6)).transform("bn_ordr")


def test_a_gate_bias_needs_a_bias() -> None:
    with pytest.raises(TypeError, match="bias=True"):
        MultiGatedUnit(nn.Linear(5, 6, bias=False), gate_bias=-1.0)


def test_a_user_module_answers_for_its_own_parts() -> None:
    """`reset_parameters()` of a module is the last word: its sub-modules are not drawn again behind its back."""

    class Orthogonal(Unknown):
        def reset_parameters(self) -> None:
            nn.init.orthogonal_(self.inner.weight)

    copied = cast(Any, fresh_copy(Orthogonal())).inner.weight
    torch.testing.assert_close(copied.T @ copied, torch.eye(5), rtol=0, atol=1e-5)


def test_attention_of_torch_is_drawn_anew() -> None:
    """Its method is called `_reset_parameters`, and leaves the projection of the outputs as it is."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    copied = fresh_copy(layer)
    assert isinstance(copied, nn.TransformerEncoderLayer)
    for name, parameter in copied.self_attn.named_parameters():
        other = layer.self_attn.get_parameter(name)
        assert bool((parameter == 0).all()) if "bias" in name else not torch.equal(parameter, other), name
    limit = (6 / (8 + 3 * 8)) ** 0.5  # glorot-uniform over the three projections as one matrix
    assert 0.9 * limit < copied.self_attn.in_proj_weight.abs().max() <= limit
    unit = MultiGatedUnit(layer, num_channels=8, channel_axis=-1)
    assert unit(torch.randn(3, 5, 8)).shape == (3, 5, 8)
