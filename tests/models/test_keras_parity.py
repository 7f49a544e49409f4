"""Baseline blocks and the unit in `reference` wiring against Keras 3, with copied weights, to 1e-5 in float32.

The paper's figures come from Keras and can only be reproduced by networks that compute what Keras computes. Oracles are
the snippets of Damian and Piciu (2020), `create_model` (section 5.1) and `MultiGatedUnit_Snippet` (4.2), as functional
Keras models whose layers bear the names of our modules. Keras runs on torch: the two sides share matrix products and
autograd, but neither normalisations, wiring and memory layout (channels last in Keras) nor optimizers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
os.environ["KERAS_TORCH_DEVICE"] = "cpu"

import pytest
import torch
from keras import Input, Model, Variable, layers, optimizers
from keras.activations import selu, sigmoid
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from mgu.config.schedules import KerasDecayConfig
from mgu.layers.block import Block
from mgu.tasks.score import SCORES
from mgu.train.nadam import build_nadam
from mgu.train.schedules import Length, build_schedule
from mgu.unit.unit import MultiGatedUnit

# Keras' Nadam turns tensors into arrays in a way that numpy 2 deprecates.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

MOMENTUM = 0.01  # in Keras 0.99
LR, DECAY, BETAS = 0.01, 0.1, (0.9, 0.999)
KINDS = ("bn_pre", "bn_post", "ln", "no_norm", "unit")
OUR_NAMES = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
OUR_NAMES |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
Gradients = tuple[list[Tensor], list[Tensor]]  # ours and theirs


@dataclass(frozen=True)
class Geometry:
    """A layer to wrap, in both frameworks; `shape` is that of the input in Keras, without the batch."""

    torch_layer: Callable[[], nn.Module]
    keras_layer: Callable[..., layers.Layer]
    shape: tuple[int, ...]


conv2d, linear = partial(nn.Conv2d, 3, 5, 3), partial(nn.Linear, 7, 6)
keras_conv2d, keras_dense = partial(layers.Conv2D, 5, 3), partial(layers.Dense, 6)
GEOMETRIES = {
    "conv2d_valid": Geometry(conv2d, keras_conv2d, (8, 7, 3)),
    "conv2d_strided": Geometry(partial(conv2d, stride=2), partial(keras_conv2d, strides=2), (8, 7, 3)),
    "conv2d_same": Geometry(partial(conv2d, padding=1), partial(keras_conv2d, padding="same"), (8, 7, 3)),
    "linear": Geometry(linear, keras_dense, (7,)),
    "linear_on_sequences": Geometry(linear, keras_dense, (4, 7)),
}


def keras_block(geometry: Geometry, norm: str, residual: bool) -> Model:
    """One round of the loop in `create_model`, after the first."""
    tf_inp = Input(geometry.shape)
    tf_x = geometry.keras_layer(name="layer")(tf_inp)
    if norm == "bn_pre":
        tf_x = selu(layers.BatchNormalization(name="pre")(tf_x))
    if norm == "bn_post":
        tf_x = layers.BatchNormalization(name="post")(selu(tf_x))
    if norm == "ln":
        tf_x = layers.LayerNormalization(name="post")(selu(tf_x))
    if norm == "no_norm":
        tf_x = selu(tf_x)
    if residual:
        tf_x = layers.add([tf_x, geometry.keras_layer(name="shortcut")(tf_inp)])
    return Model(tf_inp, tf_x)


def keras_unit(geometry: Geometry, residual_gate: bool) -> Model:
    """`MultiGatedUnit_Snippet._forward`; without the residual gate also without the residual."""
    inputs = Input(geometry.shape)

    def gating_unit(name: str, tf_value1: Any, tf_value2: Any) -> Any:
        tf_gate_x = sigmoid(geometry.keras_layer(name=f"gate_transforms-{name}")(inputs))
        return tf_gate_x * tf_value1 + (1 - tf_gate_x) * tf_value2

    tf_bypass = geometry.keras_layer(name="bypass")(inputs)
    tf_x = geometry.keras_layer(name="layer")(inputs)
    tf_x_act = selu(tf_x)
    tf_x_bn_act = selu(layers.BatchNormalization(name="bn_before_activation")(tf_x))
    tf_x_act_bn = layers.BatchNormalization(name="bn_after_activation")(tf_x_act)
    tf_x_act_ln = layers.LayerNormalization(name="ln")(tf_x_act)
    tf_bpre_bpos = gating_unit("bn_order", tf_x_bn_act, tf_x_act_bn)
    tf_bn_ln = gating_unit("bn_or_ln", tf_bpre_bpos, tf_x_act_ln)
    tf_processed = gating_unit("norm_or_none", tf_bn_ln, tf_x_act)
    if residual_gate:
        tf_processed = gating_unit("residual", tf_processed, tf_processed + tf_bypass)
    return Model(inputs, gating_unit("skip", tf_bypass, tf_processed))


class Twins:
    """One network in both frameworks, with the same random parameters and running statistics."""

    def __init__(self, geometry: Geometry, ours: nn.Module, theirs: Model) -> None:
        self.ours, self.theirs, self.shape = ours, theirs, geometry.shape
        self.pairs: list[tuple[Tensor, Variable]] = []
        for layer in theirs.layers:
            for variable in layer.weights:
                module = ours.get_submodule(layer.name.replace("-", "."))  # Keras allows no dots in names
                self.pairs.append((getattr(module, OUR_NAMES[variable.name]), variable))
        for tensor, variable in self.pairs:
            is_scale = variable.name in ("gamma", "moving_variance")
            value = 0.5 + torch.rand(variable.shape) if is_scale else 0.3 * torch.randn(variable.shape)
            variable.assign(value)
            tensor.data.copy_(to_torch(value))
        self.parameters = [tensor for tensor, _ in self.pairs if isinstance(tensor, nn.Parameter)]
        self.variables = [variable for _, variable in self.pairs if variable.trainable]

    def inputs(self) -> Tensor:
        return torch.randn(8, *self.shape)

    def outputs(self, x: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        """Ours and theirs; x and both outputs as Keras lays them out."""
        axis = 1 if len(self.shape) == 3 else -1
        return self.ours.train(training)(x.movedim(-1, axis)).movedim(axis, -1), self.theirs(x, training=training)

    def gradients(self) -> Gradients:
        """Ours and theirs in training mode: how far from a random target, by each parameter and then by the input."""
        x = self.inputs().requires_grad_()
        ours, theirs = self.outputs(x, training=True)
        target = torch.randn(ours.shape)
        our_gradients = torch.autograd.grad((ours - target).square().mean(), [*self.parameters, x])
        their_leaves = [*(variable.value for variable in self.variables), x]
        return list(our_gradients), list(torch.autograd.grad((theirs - target).square().mean(), their_leaves))

    def assert_same_state(self) -> None:
        """Every parameter and running statistic of either side has its twin, and the two are close."""
        ours = self.ours.state_dict(keep_vars=True).values()
        assert {id(tensor) for tensor, _ in self.pairs} == {id(tensor) for tensor in ours}
        assert len(self.pairs) == len(ours) == len(self.theirs.weights)
        for tensor, variable in self.pairs:
            assert_close(tensor.detach(), to_torch(variable.value.detach()))


@pytest.fixture(params=product(GEOMETRIES, KINDS, (True, False)), ids=lambda case: "-".join(map(str, case)))
def twins(request: pytest.FixtureRequest) -> Twins:
    """Each geometry as each block, with and without residual, and as the unit, with and without residual gate."""
    name, kind, residual = request.param
    geometry = GEOMETRIES[name]
    layer = geometry.torch_layer()
    torch.manual_seed(0)
    if kind == "unit":
        unit = MultiGatedUnit(layer, wiring="reference", residual_gate=residual, bn_momentum=MOMENTUM)
        return Twins(geometry, unit, keras_unit(geometry, residual))
    return Twins(
        geometry, Block(layer, kind, residual=residual, momentum=MOMENTUM), keras_block(geometry, kind, residual)
    )


def to_torch(value: Tensor) -> Tensor:
    """Kernels: HWIO to OIHW, and (in, out) to (out, in). Vectors stay as they are."""
    return value.movedim(-1, 0).movedim(-1, 1) if value.dim() > 1 else value


def assert_close(ours: Tensor, theirs: Tensor, scale: float = 1.0) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * scale)


def test_outputs_and_running_statistics(twins: Twins) -> None:
    for training in (True, True, False):
        assert_close(*twins.outputs(twins.inputs(), training))
    twins.assert_same_state()


def test_gradients(twins: Twins) -> None:
    (*ours, our_x), (*theirs, their_x) = twins.gradients()
    assert_close(our_x, their_x, scale=float(their_x.abs().max()))
    largest = max(float(gradient.abs().max()) for gradient in theirs)
    for our_gradient, their_gradient in zip(ours, theirs, strict=True):
        assert_close(our_gradient, to_torch(their_gradient), largest)


def take_three_steps(
    parameters: list[Any],
    variables: list[Variable],
    gradients: Callable[[], Gradients],
    eps: float,
) -> None:
    """With our Nadam, decay included, and with that of Keras.

    Momentum warms up by 0.96 ** t in Keras 3 and by 0.96 ** (t * momentum_decay) in torch: at 1 they are the same. Our
    default of 0.004 is that of Keras 2.x and TF 2.0, which the paper used.
    """
    optimizer = build_nadam(parameters, LR, *BETAS, eps=eps, momentum_decay=1.0)
    decay = KerasDecayConfig(name="keras_decay", decay=DECAY)
    schedule = build_schedule(decay, optimizer, Length(1, 1), SCORES["classification"])
    their_rate = optimizers.schedules.InverseTimeDecay(LR, decay_steps=1, decay_rate=DECAY)
    their_optimizer = optimizers.Nadam(their_rate, *BETAS, epsilon=eps)
    for _ in range(3):
        ours, theirs = gradients()
        for parameter, gradient in zip(parameters, ours, strict=True):
            parameter.grad = gradient
        optimizer.step()
        schedule.step()
        their_optimizer.apply(theirs, variables)


def test_three_nadam_steps(twins: Twins) -> None:
    """At eps 1e-3, for Nadam divides a gradient by its own size: at 1e-7 it would blow up differences of rounding.

    The bias of a layer before batch normalisation has gradient 0, in float32 noise of either sign. At 1e-7 this noise
    would move the bias by about the learning rate, in one framework up and in the other down.
    """

    def gradients() -> Gradients:
        ours, theirs = twins.gradients()
        return ours[:-1], theirs[:-1]

    start = parameters_to_vector(twins.parameters).detach()
    take_three_steps(twins.parameters, twins.variables, gradients, eps=1e-3)
    twins.assert_same_state()
    assert (parameters_to_vector(twins.parameters) - start).abs().max() > LR


def test_three_nadam_steps_at_the_default_eps() -> None:
    """On gradients given to both, from 1e-6 to 10, so that only the optimizers can differ."""
    torch.manual_seed(0)
    start = torch.randn(100)
    parameter, variable = nn.Parameter(start.clone()), Variable(start.clone())

    def gradients() -> Gradients:
        gradient = torch.randn(100) * torch.logspace(-6, 1, 100)
        return [gradient.clone()], [gradient]

    take_three_steps([parameter], [variable], gradients, eps=1e-7)
    assert_close(parameter.detach(), variable.value.detach())
