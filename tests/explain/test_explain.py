"""What is said of gates whose answer is known, and what `mgu-run explain` makes of a trained run."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from mgu.cli.main import main
from mgu.data.images.images import Images
from mgu.errors import UserError
from mgu.explain.explanation import explain_model, read_explanation, to_json
from mgu.explain.observe import observe, weigh_branches
from mgu.explain.schema import Explanation
from mgu.explain.statistics import GateStatistics
from mgu.explain.terminal import _describe
from mgu.explain.topology import draw_topology
from mgu.explain.words import describe_choice
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.results.on_disk.result_file import read_result
from mgu.unit.engine import ENGINES
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import GATES, WIRINGS, Gate
from tests.conftest import Configure


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def set_gates(model: nn.Module, biases: Mapping[Gate, float]) -> None:
    """Every gate of every unit constant, at the sigmoid of its bias."""
    for unit in (module for module in model.modules() if isinstance(module, MultiGatedUnit)):
        for gate in unit.gate_names:
            transform = unit.gate_transforms[gate]
            assert isinstance(transform, nn.Conv2d) and transform.bias is not None
            nn.init.zeros_(transform.weight)
            nn.init.constant_(transform.bias, biases[gate])


def some_digits(count: int = 20) -> Images:
    pixels = torch.randint(0, 17, (count, 1, 8, 8), dtype=torch.uint8)
    return Images(pixels, torch.randint(0, 10, (count,)), pixel_max=16.0)


def explain_constant(configure: Configure, wiring: str, biases: Mapping[Gate, float], *more: str) -> Explanation:
    config = configure("layout=digits_2", f"mgu={wiring}", *more)
    model = build_model(resolve(config))
    set_gates(model, biases)
    return explain_model(resolve(config), model, some_digits())


# Words for the branches of each wiring (Damian and Piciu 2020, equations and code), and what an open gate passes.
NORMS = {"reference": ("BN before activation", "BN after activation", "LN after activation"),
         "equations": ("BN after activation", "BN before activation", "LN before activation")}  # fmt: skip


@pytest.mark.parametrize("wiring", WIRINGS)
def test_decided_gates_are_read_off_in_plain_words(configure: Configure, wiring: str) -> None:
    config = configure("layout=digits_2", f"mgu={wiring}")
    model, images = build_model(resolve(config)), some_digits()
    open_bn, closed_bn, ln = NORMS[wiring]
    for is_open in itertools.product((True, False), repeat=5):
        order, bn, norm, residual, skip = is_open
        normalised = (open_bn if order else closed_bn) if bn else ln
        steps = [normalised if norm else "no normalisation", "no residual" if residual else "residual"]
        steps.append("bypass" if skip == (wiring == "reference") else "processed")
        set_gates(model, {gate: 9.0 if opened else -9.0 for gate, opened in zip(GATES, is_open, strict=True)})
        explanation = explain_model(resolve(config), model, images)
        assert [unit.flow for unit in explanation.units] == [" -> ".join(steps)] * 2
        for gate, opened in zip(GATES, is_open, strict=True):
            explained = explanation.units[1].gates[gate]
            assert explained.statistics.mean == pytest.approx(sigmoid(9.0 if opened else -9.0), abs=1e-6)
            assert explained.statistics.std == 0 and explained.varies_by == ()
            assert explained.opened_for == (explained.when_open if opened else explained.when_closed)


def test_gates_between_are_said_to_be_so(configure: Configure) -> None:
    """Weights of the branches by hand: a product of the gates on the way to each."""
    biases: dict[Gate, float] = {"bn_order": 0.4, "bn_or_ln": 2.0, "norm_or_none": 3.0, "residual": -0.2, "skip": -1.0}
    first = explain_constant(configure, "reference", biases).units[0]
    order, bn, norm = (sigmoid(biases[gate]) for gate in ("bn_order", "bn_or_ln", "norm_or_none"))
    weights = {"bn_before_activation": norm * bn * order, "bn_after_activation": norm * bn * (1 - order)}
    weights |= {"ln": norm * (1 - bn), "activated": 1 - norm}
    assert first.path_weights == pytest.approx(weights, abs=1e-5)
    assert first.flow == "undecided (BN before activation 50%) -> undecided (residual 55%) -> mostly processed (73%)"
    assert first.gates["bn_order"].opened_for == "undecided (BN before activation 60%)" and order < 0.6


def test_without_a_residual_gate_there_is_no_step_for_it(configure: Configure) -> None:
    explanation = explain_constant(configure, "equations", dict.fromkeys(GATES, 9.0), "mgu.residual_gate=false")
    assert explanation.units[0].flow == "BN after activation -> processed"
    assert list(explanation.units[0].gates) == ["bn_order", "bn_or_ln", "norm_or_none", "skip"]


@pytest.mark.parametrize(
    ("weight", "varying", "said"),
    [
        (0.95, ("input",), "left (95%, by input)"),
        (0.9, (), "left"),
        (0.8, (), "mostly left (80%)"),
        (0.6, ("input", "position", "channel"), "mostly left (60%, by input, position and channel)"),
        (0.55, ("channel",), "undecided (left 55%, by channel)"),
        (0.3, ("input", "channel"), "mostly right (70%, by input and channel)"),
    ],
)
def test_a_choice_is_said_with_its_doubt(weight: float, varying: tuple[str, ...], said: str) -> None:
    assert describe_choice({"left": weight, "right": 1 - weight}, varying) == said


def test_a_gate_that_decides_by_input_is_told_from_one_that_does_so_by_channel() -> None:
    """Inputs of -1 and 1: the gate of skip follows them, that of the residual has a bias of its own a channel."""
    unit = MultiGatedUnit(nn.Conv2d(1, 2, 1))
    set_gates(unit, dict.fromkeys(GATES, 0.0))
    skip, residual = unit.gate_transforms["skip"], unit.gate_transforms["residual"]
    assert isinstance(skip, nn.Conv2d) and isinstance(residual, nn.Conv2d) and residual.bias is not None
    nn.init.constant_(skip.weight, 2.0)
    with torch.no_grad():
        residual.bias.copy_(torch.tensor([-2.0, 2.0]))
    with observe(unit.eval()) as seen:
        unit(torch.tensor([-1.0, 1.0, 1.0, -1.0]).view(4, 1, 1, 1).expand(4, 1, 3, 3))
    spread = sigmoid(2.0) - 0.5
    by_input, by_channel = seen[""].gates["skip"].summary(), seen[""].gates["residual"].summary()
    assert (by_input.std_inputs, by_input.std_positions, by_input.std_channels) == pytest.approx(
        (spread, 0, 0), abs=1e-6
    )
    assert (by_channel.std_inputs, by_channel.std_channels) == pytest.approx((0, spread), abs=1e-6)
    assert by_channel.channels.mean == pytest.approx([sigmoid(-2.0), sigmoid(2.0)], abs=1e-6)
    assert by_channel.channels.std_inputs == [0, 0]


@pytest.mark.parametrize(
    ("engine", "kind"), [(engine, "replica") for engine in ENGINES] + [("native", "squeeze"), ("native", "channel")]
)
def test_watching_changes_nothing_and_sees_what_the_unit_uses(configure: Configure, engine: str, kind: str) -> None:
    model = build_model(
        resolve(configure("layout=digits_2", "mgu=equations", f"mgu.gate={kind}", f"engine={engine}"))
    ).eval()
    inputs = some_digits().batch(slice(None))[0]
    before = model(inputs)
    with observe(model) as seen:
        during = model(inputs)
        model(inputs[:0]) if engine == "eager" else None
    torch.testing.assert_close(during, before)
    first = model.get_submodule("blocks.0")
    assert isinstance(first, MultiGatedUnit) and first.engine == engine
    assert not any(module._forward_hooks for module in model.modules())
    for gate, values in first.gates(inputs).items():
        expected = GateStatistics(first.channel_axis)
        expected.add(values.expand_as(first.layer(inputs)))
        assert seen["blocks.0"].gates[gate].summary() == expected.summary()


@pytest.mark.parametrize("wiring", WIRINGS)
def test_branch_weights_mix_to_what_the_unit_mixes(wiring: str) -> None:
    unit = MultiGatedUnit(nn.Linear(3, 4), wiring=wiring).double().eval()
    branches = unit.branches(torch.randn(5, 3, dtype=torch.float64))
    gates: dict[Gate, Tensor] = {gate: branches[f"gate.{gate}"] for gate in GATES}
    weights = weigh_branches(unit.wiring, gates)
    mixed = torch.stack([weight * branches[name] for name, weight in weights.items()]).sum(dim=0)
    torch.testing.assert_close(mixed, branches["norm_or_none"])


def test_statistics_take_the_same_memory_whatever_the_number_of_inputs() -> None:
    def kept_bytes(batches: int) -> int:
        statistics = GateStatistics()
        for _ in range(batches):
            statistics.add(torch.rand(8, 6, 5, 5))
        return sum(value.nbytes for value in vars(statistics).values() if isinstance(value, Tensor))

    assert kept_bytes(1) == kept_bytes(50) == 6 * 5 * 5 * 28 + 8 * 1000


def test_a_unit_is_explained_at_the_end_of_its_run(trained_unit: Path) -> None:
    result, text = read_result(trained_unit / "result.json"), (trained_unit / "explain.json").read_text()
    explanation = read_explanation(trained_unit / "explain.json")
    assert result.seconds and result.val and to_json(explanation) == text
    assert result.seconds.explain > 0
    parts = result.seconds.build + result.seconds.train + result.seconds.evaluate + result.seconds.explain
    assert result.seconds.to_solution == pytest.approx(parts)
    assert explanation.score == pytest.approx(result.val.accuracy) and explanation.examples == 360
    assert explanation.identity == result.identity and [unit.name for unit in explanation.units] == ["conv1", "conv2"]


def test_what_has_no_gates_or_no_images_is_refused(configure: Configure) -> None:
    baseline = configure("layout=digits_2", "norm=ln")
    with pytest.raises(UserError, match="RUN must be of a unit, but digits_2-ln-s0 is a baseline"):
        explain_model(resolve(baseline), build_model(resolve(baseline)), some_digits())
    unit = configure("layout=digits_2", "mgu=reference")
    with pytest.raises(UserError, match="validation data must hold an example"):
        explain_model(resolve(unit), build_model(resolve(unit)), some_digits(0))


@pytest.mark.parametrize(
    ("arguments", "wiring"), [({"wiring": "reference"}, "reference"), ({"skip_gate": False}, None)]
)
def test_units_in_a_network_of_ones_own_are_explained(
    arguments: dict[str, Any], wiring: str | None, configure: Configure
) -> None:
    """Such a network was called a baseline, which has no gates."""
    unit = MultiGatedUnit(nn.Linear(64, 6), **arguments)
    network = nn.Sequential(nn.Flatten(), unit, nn.Linear(6, 10))
    resolved = resolve(configure("layout=python", "layout.target=torch.nn:Sequential"))
    if wiring is None:
        with pytest.raises(UserError, match="with the paper's paths, but Sequential-s0 has others"):
            explain_model(resolved, network, some_digits())
        return
    explanation = explain_model(resolved, network, some_digits())
    assert explanation.wiring == wiring
    assert [(each.name, each.module, [*each.gates]) for each in explanation.units] == [
        ("linear1", "1", [*unit.gate_names])
    ]


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["mgu-run", "explain", *arguments])
    main()


@pytest.mark.slow
def test_the_command_prints_and_draws_the_same_bytes_every_time(
    trained_unit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call(monkeypatch, "digits_2-mgu-reference-s0")
    shown = capsys.readouterr().out
    explanation = read_explanation(trained_unit / "explain.json")
    for unit in explanation.units:
        assert f"  {unit.name}: {unit.flow}\n" in shown
        for gate, explained in unit.gates.items():
            assert any(gate in line and explained.opened_for in line for line in shown.splitlines())
    assert "Validation data of the run (digits, split: paper): 360 examples, accuracy" in shown
    out = tmp_path / "out" / "here"
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black"}):  # a style of the user's own
        call(monkeypatch, str(trained_unit), "--out", str(out), "--format", "json")
    captured = capsys.readouterr()
    assert captured.out == (out / "explain.json").read_text() and json.loads(captured.out)["data"] == "validation"
    assert "Written to" in captured.err
    names = {"explain.json", "gates.svg", "gates.png", "topology.svg", "topology.png"}
    assert {file.name for file in out.iterdir()} == names
    for name in names:
        assert (out / name).read_bytes() == (trained_unit / name).read_bytes()


def test_the_topology_is_white_where_undecided_and_hatched_where_it_goes_by_input(trained_unit: Path) -> None:
    values = msgspec.to_builtins(read_explanation(trained_unit / "explain.json"))
    figures = {"bn_order": (1.0, 0.0), "bn_or_ln": (0.0, 0.15), "skip": (0.5, 0.25)}
    for gate, (mean, std_inputs) in figures.items():
        values["units"][0]["gates"][gate]["statistics"] |= {"mean": mean, "std_inputs": std_inputs}
    figure = draw_topology(msgspec.convert(values, Explanation))
    matrix = next(axes for axes in figure.axes if len(axes.patches) == 2 * 5 * 2)
    rectangles = [patch for patch in matrix.patches if isinstance(patch, Rectangle) and patch.get_fill()]
    cells = {(cell.get_x(), cell.get_y()): cell for cell in rectangles}
    chosen = [cells[0, row] for row, gate in enumerate(GATES) if gate in figures]
    is_open, is_closed, undecided = (to_rgb(cell.get_facecolor()) for cell in chosen)
    assert is_open[0] > 0.8 > is_open[2] + 0.5 and is_closed[2] > 0.6 > is_closed[0] + 0.5 and min(undecided) > 0.99
    hatches = [cell.get_hatch() for cell in chosen]
    assert not hatches[0] and hatches[1] and hatches[2] and len(hatches[2]) > len(hatches[1])
    lean = "dense_2-mgu-equations-gate-channel-bypass-padded-norm_or_none+5-s0"  # as folders call it
    titled = draw_topology(msgspec.convert(values | {"name": lean}, Explanation)).texts
    assert any("dense_2-mgu-lean-s0" in text.get_text() for text in titled)
    keys = matrix.get_legend()
    assert keys and keys.get_patches()[0].get_facecolor() == cells[0, 0].get_facecolor()  # 1.00


def test_where_files_cannot_go(
    trained_unit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        call(monkeypatch, str(trained_unit), "--out", str(trained_unit / "result.json"))
    assert exited.value.code == 2 and "--out must be a folder that can be written" in capsys.readouterr().err


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys; sys.argv = ['mgu-run', 'explain', '--help']\n"
        "from mgu.cli.main import main\n"
        "try: main()\nexcept SystemExit: print(*{'torch', 'matplotlib', 'hydra'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "" and "usage: mgu-run explain" in done.stdout


@pytest.mark.parametrize("unit", [1e-7, 1.0, 1e7])
def test_an_error_on_another_machine_is_told_in_whatever_unit(configure: Configure, unit: float) -> None:
    constant = explain_constant(configure, "reference", dict.fromkeys(GATES, 0.0))
    found = msgspec.structs.replace(constant, metric="rmse", score=0.5 * unit)
    told = ["on the machine of the run" in " ".join(_describe(found, own * unit)) for own in (0.5, 0.500001, 0.51)]
    assert told == [False, False, True]
