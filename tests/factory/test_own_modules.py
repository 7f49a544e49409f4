"""Networks and layers of the user's, by import path: what they are given, what they must return, what is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.factory.model import build_model, check_own_modules, count_flops
from mgu.factory.resolved_run import resolve
from mgu.layers.block import Block
from mgu.measure.estimate import ModelSize
from mgu.models.convnet import ConvNet
from mgu.models.mlp import MLP
from mgu.prune.affine import is_linear
from mgu.sweep.seed_groups import lockstep_obstacle
from mgu.unit.unit import MultiGatedUnit
from tests.conftest import Configure
from tests.data.test_recommendations import generate

SOURCE = '''
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, input_shape, num_inputs, num_outputs, num_classes, width=8):
        super().__init__()
        self.given = input_shape, num_inputs, num_outputs, num_classes
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, width), nn.Linear(width, num_outputs))

    def forward(self, x):
        return self.layers(x)


class NeedsValues(Net):
    def forward(self, x):
        return self.layers(x) * float(x.sum() + 1)


class Narrow(Net):
    def forward(self, x):
        return self.layers(x)[:, :3]


class Pair(Net):
    def forward(self, x):
        return self.layers(x), x


class Fails(Net):
    def forward(self, x):
        return x.view(7, 7)


class Unlearned(nn.Module):
    def forward(self, x):
        return x


class Standardised(nn.Conv2d):
    """Weight standardisation: a class derived from torch's that computes something else."""

    def forward(self, x):
        weight = self.weight - self.weight.mean(dim=(1, 2, 3), keepdim=True)
        return self._conv_forward(x, weight, self.bias)


class Wrapped(nn.Module):
    """Tells neither its channels nor their axis."""

    def __init__(self, i, o, k, s, p, gain=1.0):
        super().__init__()
        self.gain, self.conv = gain, nn.Conv2d(i, o, k, s, p)

    def forward(self, x):
        return self.gain * self.conv(x)


class Kept(nn.Module):
    """Has no reset_parameters()."""

    def __init__(self, i, o, k, s, p):
        super().__init__()
        self.weight, self.sizes = nn.Parameter(torch.randn(o, i, k, k)), (s, p)

    def forward(self, x):
        return F.conv2d(x, self.weight, None, *self.sizes)


class Scaled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Both(nn.Linear):
    def forward(self, x):
        return super().forward(x), x


class Two(nn.Linear):
    def forward(self, x, y):
        return super().forward(x + y)


def number(**anything):
    return 3
'''
Own = Callable[..., RunConfig]


@pytest.fixture
def own(tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Own:
    """Configures a run with the module in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_nets", raising=False)
    (tmp_path / "own_nets.py").write_text(SOURCE)
    return configure


def network(own: Own, name: str, *words: str) -> RunConfig:
    return own("layout=python", f"layout.target=own_nets:{name}", *words)


def test_a_network_is_given_what_it_asks_for(own: Own) -> None:
    config = network(own, "Net", "++layout.options.width=5")
    model: Any = build_model(resolve(config))
    assert model.given == ((1, 8, 8), 64, 10, 10) and model.layers[1].out_features == 5
    assert config.name == "Net-s0" and config.layout.as_list == "own_nets:Net(width=5)"
    assert config.mgu is None and config.residual is False
    check_own_modules(resolve(config))
    assert count_flops(resolve(config)) == 2 * (64 * 5 + 5 * 10)


def test_a_network_that_needs_values_is_counted_and_drawn_from_the_same_seed(own: Own) -> None:
    config = network(own, "NeedsValues")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert count_flops(resolve(config)) == 2 * (64 * 8 + 8 * 10)
    check_own_modules(resolve(config))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("Narrow", (), r"must return \(B, 10\) for the data, but returns \(B, 3\)\. Its constructor is given"),
        ("Pair", (), r"must return one tensor, but returns tuple"),
        ("Fails", (), r"shape \(B, 1, 8, 8\), but .*own_nets.py:\d+ \(`return x.view\(7, 7\)`\) raised RuntimeError"),
        ("Unlearned", (), r"must have weights to train, but has none"),
        ("number", (), r"must make a torch.nn.Module, but own_nets:number makes int"),
        ("Net", ("++layout.options.widht=3",), r"takes input_shape, .*, but got widht\. Did you mean width\?"),
        ("Nett", (), r"Did you mean own_nets:Net\?"),
    ],
)  # fmt: skip
def test_a_network_that_does_not_fit_is_told(name: str, words: tuple[str, ...], message: str, own: Own) -> None:
    with pytest.raises(UserError, match=message):
        check_own_modules(resolve(network(own, name, *words)))


@pytest.mark.parametrize("word", ["norm=ln", "residual=with", "mgu=reference"])
def test_nothing_is_put_around_a_network_of_ones_own(word: str, own: Own) -> None:
    with pytest.raises(
        UserError, match=rf"^{word.partition('=')[0]} must be left out for own_nets:Net.*but got {word}"
    ):
        network(own, "Net", word)


def test_users_and_items_are_refused(own: Own, tmp_path: Path) -> None:
    generate(tmp_path)
    with pytest.raises(UserError, match="layout must be dense or mf_32 for dataset=movielens"):
        network(own, "Net", "dataset=movielens", f"dataset.root={tmp_path}")


BLOCKS = [("norm=bn_pre", "residual=with"), ("norm=ln",), ("mgu=reference",)]


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name in ("Standardised", "Wrapped") for model in BLOCKS]
    + [("Standardised", ("mgu=lean",))]  # whose bypass is made for convolutions
)  # fmt: skip
def test_a_layer_is_in_every_block(name: str, model: tuple[str, ...], own: Own) -> None:
    config = own("layout=digits_2", f"layout.layer=own_nets:{name}", *model)
    network: Any = build_model(resolve(config))
    assert isinstance(network, ConvNet)
    layers: list[Any] = [block.layer for block in network.blocks]
    assert [type(layer).__name__ for layer in layers] == [name] * 2
    assert not any(map(is_linear, layers))  # nothing is folded into what may compute something else
    assert all(isinstance(block, MultiGatedUnit if config.mgu else Block) for block in network.blocks)
    check_own_modules(resolve(config))
    assert config.name.startswith(f"digits_2-{name}-")
    assert count_flops(resolve(config))


def test_seeds_of_such_models_are_trained_one_by_one(own: Own) -> None:
    small = ModelSize("cpu", 100, 1000)
    assert lockstep_obstacle(own("layout=digits_2"), small) is None
    reason = lockstep_obstacle(own("layout=digits_2", "layout.layer=own_nets:Wrapped"), small)
    assert reason and "for which it is not made" in reason


def test_a_dense_layer_computes_what_it_says_and_its_options_are_passed(own: Own) -> None:
    config = own("layout=dense_2", "layout.layer=own_nets:Scaled", "norm=no_norm", "layout.width=4")
    network: Any = build_model(resolve(config))
    layer, x = network.blocks[0].layer, torch.randn(2, 64)
    assert isinstance(network, MLP)
    torch.testing.assert_close(layer(x), 2 * nn.functional.linear(x, layer.weight, layer.bias))
    config = own("layout=digits_2", "layout.layer={target: own_nets:Wrapped, options: {gain: 3.0}}")
    network = build_model(resolve(config))
    assert [block.layer.gain for block in network.blocks] == [3.0, 3.0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("layout.layer=own_nets:Kept", "residual=with"), r"^layout.layer: layer must draw new weights"),
        (("layout.layer=own_nets:Kept", "mgu=reference"), r"^mgu: layer must draw new weights in reset_parameters"),
        (("layout.layer=own_nets:Wrapped", "mgu=lean"), r"^mgu: "),
        (("layout.layer=own_nets:Net",), r"own_nets:Net must make a layer by own_nets:Net\(1, 16, 3, 1, 0\)"),
        (("layout.layer=own_nets:Kep",), r"Did you mean own_nets:Kept\?"),
        (("layout.layer=digits",), r"layout.layer.target must be an import path as my_pkg:load"),
    ],
)  # fmt: skip
def test_a_layer_that_does_not_fit_is_told(words: tuple[str, ...], message: str, own: Own) -> None:
    with pytest.raises(UserError, match=message):
        check_own_modules(resolve(own("layout=digits_2", *words)))


@pytest.mark.parametrize("model", [("norm=ln",), ("norm=bn_pre", "residual=with"), ("mgu=reference",)])
@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("Both", "layer must return one tensor, but Both returns tuple. Wrap it in"),
        ("Two", "Two.forward() missing 1 required positional argument: 'y'. Correct it."),
    ],
)
def test_a_layer_with_two_inputs_or_outputs_is_told_without_lines_of_torch(
    layer: str, told: str, model: tuple[str, ...], own: Own
) -> None:
    with pytest.raises(UserError) as caught:
        check_own_modules(resolve(own("layout=dense_2", f"layout.layer=own_nets:{layer}", *model)))
    told_of = f"layout.layer own_nets:{layer} must compute inputs of shape (B, 1, 8, 8), but it raised TypeError: "
    assert str(caught.value).startswith(told_of + told)


def test_the_identity_of_a_layout_without_a_layer_is_what_it_was(own: Own, tmp_path: Path) -> None:
    plain, layered = own("layout=digits_2"), own("layout=digits_2", "layout.layer=own_nets:Wrapped")
    assert plain.identity != layered.identity and plain.layout.layer is None  # type: ignore[union-attr]
    (tmp_path / "own_nets.py").write_text(SOURCE + "\n# edited\n")
    assert own("layout=digits_2", "layout.layer=own_nets:Wrapped").identity != layered.identity
    assert own("layout=digits_2").identity == plain.identity


def test_a_batch_of_the_block_is_normalised_over_the_channels_that_are_told(own: Own) -> None:
    network: Any = build_model(resolve(own("layout=digits_2", "layout.layer=own_nets:Wrapped", "norm=bn_pre")))
    out: Tensor = network.blocks[0].pre(torch.randn(64, 16, 5, 5) * 7 + 3)
    torch.testing.assert_close(out.mean(dim=(0, 2, 3)), torch.zeros(16), atol=1e-5, rtol=0)
