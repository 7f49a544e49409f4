"""Processors of one's own, and the blocks of others that are nothing but descriptions, against published formulas."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any, cast

import pytest
import torch
from hydra.errors import ConfigCompositionException
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mgu import MultiGatedUnit
from mgu.cli.hydra_errors import translate_error
from mgu.errors import UserError
from mgu.factory.engine import check_engine
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.layers.activation import ACTIVATIONS
from mgu.layers.normalization import GroupNorm
from mgu.layers.switchable import SwitchableNorm
from mgu.unit.processors import MODULES, num_groups
from mgu.unit.wiring import ACTIVATION, FUNCTIONS, WIRINGS, Mixing, build_wiring
from mgu.unit.wiring import MODULES as MODULE_NAMES
from tests.conftest import Configure
from tests.unit.test_unit_equations import EPS, ByHand, selu, standardise

PROCESSORS = {
    "plain": [],
    "bn": ["batch_norm", "activation"],
    "gn": ["group_norm", "relu"],
    "inst": ["activation", "instance_norm", "tanh"],
    "rms": ["rms_norm", "activation", "layer_norm"],
}


class Processed(ByHand):
    """The processors above by hand, on (B, 8, H, W)."""

    def scaled(self, module: str, z: Tensor) -> Tensor:
        return z * self.weights[f"{module}.weight"][:, None, None] + self.weights[f"{module}.bias"][:, None, None]

    def all(self, x: Tensor) -> dict[str, Tensor]:
        layer = self.t("layer", x)
        groups = layer.view(len(x), 2, 4, *layer.shape[2:])  # two groups of four channels
        gn = self.scaled("gn_0", standardise(groups, (2, 3, 4)).view(layer.shape))
        inst = self.scaled("inst_1", standardise(selu(layer), (2, 3)))
        rms = layer / (layer.pow(2).mean(1, keepdim=True) + EPS).sqrt() * self.weights["rms_0.weight"][:, None, None]
        return {
            "plain": layer,
            "bn": selu(self.scaled("bn_0", standardise(layer, (0, 2, 3)))),
            "gn": gn.clamp(min=0),
            "inst": inst.tanh(),
            "rms": self.scaled("rms_2", standardise(selu(rms), (1,))),
        }


def tree(by: Processed, x: Tensor) -> Tensor:
    made = by.all(x)
    so_far = made["plain"]
    for name in ("bn", "gn", "inst", "rms"):
        g = by.g(f"before_{name}", x)
        so_far = g * so_far + (1 - g) * made[name]
    return so_far


def softmax(by: Processed, x: Tensor) -> Tensor:
    weights = {name: by.t(f"share_{name}", x).exp() for name in PROCESSORS}
    return sum(weights[name] * made for name, made in by.all(x).items()) / sum(weights.values())  # type: ignore[return-value]


@pytest.mark.parametrize(("residual_gate", "skip_gate"), [(True, True), (False, True), (True, False), (False, False)])
@pytest.mark.parametrize("mixing", ["tree", "softmax"])
def test_a_description_is_the_unit_that_it_says(mixing: Mixing, residual_gate: bool, skip_gate: bool) -> None:
    words = {"residual_gate": residual_gate, "skip_gate": skip_gate}
    unit = MultiGatedUnit(nn.Conv2d(4, 8, 3), wiring=build_wiring(PROCESSORS, mixing), **words).double()  # type: ignore[arg-type]
    for parameter in unit.parameters():
        nn.init.normal_(parameter, std=0.5)
    x = torch.randn(3, 4, 6, 5, dtype=torch.float64, requires_grad=True)
    by, inputs = Processed(unit), [x, *unit.parameters()]
    out = (tree if mixing == "tree" else softmax)(by, x)
    if residual_gate:  # eq. 15, 16
        g = by.g("residual", x)
        out = g * out + (1 - g) * (out + by.t("bypass", x))
    if skip_gate:  # eq. 19
        g = by.g("skip", x)
        out = g * out + (1 - g) * by.t("bypass", x)
    direction = torch.randn_like(out)
    theirs = torch.autograd.grad(out, inputs, direction)
    for unit.engine in ("eager", "packed"):
        ours = unit(x)
        torch.testing.assert_close(ours, out, rtol=1e-10, atol=1e-10)
        for mine, hand in zip(torch.autograd.grad(ours, inputs, direction), theirs, strict=True):
            torch.testing.assert_close(mine, hand, rtol=1e-9, atol=1e-9)
    assert ("bypass" in unit.branches(x)) == (residual_gate or skip_gate)


class LinearWidths(TorchFunctionMode):
    """Notes how many outputs each dense layer has that is computed meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.widths: list[int] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func is nn.functional.linear:
            self.widths.append(out.shape[-1])
        return out


def test_copies_in_another_wiring_are_one_wide_layer() -> None:
    x = torch.randn(3, 5)
    for words in (
        {"wiring": build_wiring(PROCESSORS)},
        {"wiring": build_wiring(PROCESSORS, "softmax"), "residual_gate": False},
    ):
        unit = MultiGatedUnit(nn.Linear(5, 6), engine="packed", **words)
        with LinearWidths() as seen:
            unit(x)
        assert seen.widths == [8 * 6]  # layer, bypass, four gates of the tree or five shares, skip, the tree's residual
    with pytest.raises(ValueError, match="around other choices than the paper's"):
        MultiGatedUnit(nn.Linear(5, 6), skip_gate=False, engine="native")(x)


def test_the_gates_of_a_softmax_add_up_to_one() -> None:
    unit = MultiGatedUnit(nn.Linear(5, 6), wiring=build_wiring(PROCESSORS, "softmax"), gate="channel")
    x = torch.randn(3, 5)
    shares = [value for name, value in unit.gates(x).items() if name.startswith("share_")]
    assert len(shares) == len(PROCESSORS)
    torch.testing.assert_close(sum(shares), torch.ones(6))


def test_dropout_is_a_step_that_rests_in_evaluation() -> None:
    words = {"wiring": build_wiring({"dropped": ["dropout"]}), "residual_gate": False, "skip_gate": False}
    unit = MultiGatedUnit(nn.Linear(5, 4000), **words)  # type: ignore[arg-type]
    x = torch.randn(3, 5)
    share = (unit(x) == 0).float().mean()
    assert 0.08 < share < 0.12
    torch.testing.assert_close(unit.eval()(x), unit.layer(x))


@pytest.mark.slow
@pytest.mark.parametrize("mixing", ["tree", pytest.param("softmax", marks=pytest.mark.long)])
def test_another_wiring_compiles_and_exports(mixing: Mixing) -> None:
    unit, x = (
        MultiGatedUnit(nn.Conv2d(4, 6, 3), wiring=build_wiring(PROCESSORS, mixing), gate="squeeze"),
        torch.randn(2, 4, 6, 5),
    )
    compiled = torch.compile(copy.deepcopy(unit), backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), copy.deepcopy(unit)(x))
    unit.eval()
    program = torch.export.export(unit, (x,))
    torch.testing.assert_close(program.module()(x), unit(x))


@pytest.mark.slow
def test_wirings_are_read_without_torch() -> None:
    script = "import sys, mgu.unit.wiring; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


# The steps.


def test_names_stand_in_one_place_each() -> None:
    assert set(FUNCTIONS) == {ACTIVATION, *ACTIVATIONS}
    assert set(MODULE_NAMES) == set(MODULES)


def test_groups_divide_the_channels_and_are_not_too_small() -> None:
    assert [num_groups(n) for n in (1, 3, 4, 6, 8, 16, 48, 64, 100, 1024, 37)] == [1, 1, 1, 1, 2, 4, 12, 16, 25, 32, 1]


@pytest.mark.parametrize("norm", [GroupNorm(6, -3, 2), SwitchableNorm(6, -3).eval()])
def test_no_batch_axis_is_a_batch_of_one(norm: nn.Module) -> None:
    x = torch.randn(6, 5, 4)
    torch.testing.assert_close(norm(x), norm(x[None])[0])


def switchable(norm: SwitchableNorm, x: Tensor, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Eq. 3 to 5 of Luo et al. 2018 on (B, C, H, W), each statistic from all of its values."""

    def of(dims: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        mean = x.mean(dims, keepdim=True)
        return mean, (x - mean).pow(2).mean(dims, keepdim=True)

    pairs = [of((2, 3)), of((1, 2, 3)), batch or of((0, 2, 3))]
    shares = [weights.exp() / weights.exp().sum() for weights in (norm.mean_weight, norm.var_weight)]
    mean, var = (sum(share * pair[i] for share, pair in zip(shares[i], pairs, strict=True)) for i in (0, 1))
    return norm.weight[:, None, None] * (x - mean) / (var + norm.eps).sqrt() + norm.bias[:, None, None]


def test_switchable_norm_is_the_published_one() -> None:
    norm = SwitchableNorm(3, -3, momentum=0.25).double()
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    x = (torch.randn(4, 3, 5, 6, dtype=torch.float64) * 3 + 1).requires_grad_()
    flat = x.detach().movedim(1, 0).flatten(1)
    mean, var = flat.mean(1), flat.var(1, correction=0)
    inputs = [x, *norm.parameters()]
    ours, by_hand = norm(x), switchable(norm, x, ())  # type: ignore[arg-type]
    torch.testing.assert_close(ours, by_hand)
    direction = torch.randn_like(ours)
    grads = (torch.autograd.grad(out, inputs, direction) for out in (ours, by_hand))
    torch.testing.assert_close(*grads)
    torch.testing.assert_close(norm.running_mean, 0.25 * mean)
    torch.testing.assert_close(norm.running_var, 0.75 + 0.25 * var)
    norm.eval()
    running = norm.running_mean[:, None, None], norm.running_var[:, None, None]
    torch.testing.assert_close(norm(x), switchable(norm, x, running))
    far = norm.train().float()(1e4 + torch.randn(4, 3, 5, 6))
    assert far.isfinite().all()


# Blocks of others, as conf/mgu has them.


def second_block(configure: Configure, *overrides: str) -> tuple[MultiGatedUnit, Tensor]:
    """A layer of 16 channels that keeps its shape, everything random but what starts elsewhere, in training mode."""
    wide_as_before = ("layout=digits_2", "layout.min_layer_padding_same=1", "layout.scale_filters=1")
    unit = cast(Any, build_model(resolve(configure(*wide_as_before, *overrides)))).blocks[1].double()
    for name, parameter in unit.named_parameters():
        if not name.startswith("gate_transforms"):
            nn.init.normal_(parameter, std=0.3)
    return unit, torch.randn(5, 16, 6, 6, dtype=torch.float64)


def test_highway_is_the_published_one(configure: Configure) -> None:
    unit, x = second_block(configure, "mgu=highway")
    transform: Any = unit.gate_transforms["skip"]
    assert unit.gate_names == ("skip",) and (transform.bias == -2).all()
    gate = 1 / (1 + torch.exp(-transform(x)))  # eq. 3 of Srivastava et al. 2015: y = H T + x (1 - T)
    torch.testing.assert_close(unit(x), selu(unit.layer(x)) * gate + x * (1 - gate))


def test_squeeze_and_excitation_is_the_published_one(configure: Configure) -> None:
    unit, x = second_block(configure, "mgu=squeeze_excitation")
    weights = dict(unit.named_parameters())
    normed = standardise(unit.layer(x), (0, 2, 3))
    u = selu(normed * weights["excited_0.weight"][:, None, None] + weights["excited_0.bias"][:, None, None])
    w = {name.removeprefix("excited_2.squeeze."): value for name, value in weights.items()}
    inner = (u.mean((2, 3)) @ w["reduce.weight"].T + w["reduce.bias"]).clamp(min=0)  # eq. 2 and 3 of Hu et al. 2018
    s = 1 / (1 + torch.exp(-(inner @ w["expand.weight"].T + w["expand.bias"])))
    torch.testing.assert_close(unit(x), u * s[:, :, None, None])  # eq. 4
    assert w["reduce.weight"].shape == (8, 16) and not unit.gate_names and unit.bypass is None


def test_switchable_norm_stands_where_batch_norm_would(configure: Configure) -> None:
    unit, x = second_block(configure, "mgu=switchable_norm")
    torch.testing.assert_close(unit(x), selu(switchable(unit.normalised_0, unit.layer(x), ())))  # type: ignore[arg-type]


# Configuration.


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("mgu=equations mgu.gate=depthwize", "mgu.gate must be replica, depthwise, squeeze, spatial, channel or "
         "scalar, but got 'depthwize'. Did you mean depthwise?"),
        ("mgu=equations mgu.bypass=identiti", "Did you mean identity?"),
        ("mgu=equations mgu.wiring=equation", "wiring must be one of equations, reference, or be given processors, but "
         "got 'equation'. Did you mean equations?"),
        ("mgu=paths mgu.wiring=reference", "wiring must not be reference with processors of its own"),
        ("mgu=paths mgu.processors.gn=[grup_norm]", "a step of processor 'gn' must be one of activation, selu, relu"),
        ("mgu=paths mgu.processors.gn=[grup_norm]", "but got 'grup_norm'. Did you mean group_norm?"),
        ("mgu=paths +mgu.processors.bypass=[activation]", "a processor's name must be"),
        ("mgu=paths mgu.mixing=sofmax", "Did you mean softmax?"),
        ("mgu=equations +mgu.mixing=softmax", "mixing must be tree for wiring=equations, but got softmax"),
        ("mgu=paths +mgu.gate_bias.bn_order=1", "gate_bias must name gates (before_bn, before_ln, before_gn, "),
        ("mgu=equations mgu.residual_gate=false mgu.gate_bias.residual=1", "but got 'residual'"),
        ("mgu=paths layout=dense_2 mgu.processors.gn=[activation,instance_norm]", "mgu.processors must be without "
         "instance_norm around dense layers, whose channels have one value each"),
        ("mgu=paths mgu.wiring='a/b'", "mgu.wiring must be letters, digits, '.', '_' and '-', not beginning with"),
        ("mgu=paths mgu.processors=null", "wiring must be one of equations, reference, or be given processors"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_named(overrides: str, message: str, configure: Configure) -> None:
    with pytest.raises(UserError) as caught:
        configure(*overrides.split())
    assert message in str(caught.value) and len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("override", ["mgu.processors={a:[activation]}", "mgu.processors.a=[activation]"])
def test_processors_are_added_one_by_one(override: str, configure: Configure) -> None:
    with pytest.raises(ConfigCompositionException) as caught:
        configure("mgu=paths", override)
    assert "is not. Of mgu=paths, +mgu.processors.NAME=[...] adds one" in translate_error(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            "mgu=equations mgu.gate=channel engine=packed",
            "engine must not be packed where gates or bypass are no copies",
        ),
        ("mgu=paths engine=native", "engine must be auto, eager or packed for a unit that is not the paper's"),
    ],
)
def test_an_engine_that_a_unit_cannot_have_is_refused(overrides: str, message: str, configure: Configure) -> None:
    with pytest.raises(UserError, match=message):
        check_engine(resolve(configure(*overrides.split())))


def test_a_unit_without_choices_has_no_bypass_and_the_paper_all_of_its_names() -> None:
    unit = MultiGatedUnit(
        nn.Linear(5, 6), wiring=build_wiring({"act": ["activation"]}), residual_gate=False, skip_gate=False
    )
    x = torch.randn(3, 5)
    torch.testing.assert_close(unit(x), torch.selu(unit.layer(x)))
    assert [*unit.state_dict()] == ["layer.weight", "layer.bias"]
    assert WIRINGS["equations"].gates == ("bn_order", "bn_or_ln", "norm_or_none", "residual", "skip")
