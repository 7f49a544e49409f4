"""Figures: tick labels are plain numbers, and legends and captions speak only of what is drawn."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mgu.report.analysis import Analysis
from mgu.report.figures.style import ink_on_gate
from mgu.report.figures.training import Gates, draw_gates
from mgu.report.figures.write import figures
from mgu.report.ranking.rank import rank
from mgu.results.runs.load import Run
from mgu.results.schema.result import Result
from tests.examples import example_result, example_unit, ranked


def drawn(*results: Result) -> dict[str, tuple[str, Figure]]:
    """The caption and the figure of everything that the runs allow."""
    (table,) = ranked(results)
    return {name: (own.caption, own.draw()) for name, own in figures(Analysis(table)).items()}


def ticks(figure: Figure) -> list[str]:
    figure.canvas.draw()
    return [text for label in figure.axes[0].get_xticklabels(which="both") if (text := label.get_text())]


def legend(figure: Figure) -> list[str]:
    own = figure.axes[0].get_legend()
    return [text.get_text() for text in own.get_texts()] if own else []


def test_log_ticks_are_plain_numbers() -> None:
    for scale in (1.0, 1e-3, 40.0):
        grid = [example_result(f"b{k}", cpu_kwh=scale * 10 ** (k - 5)) for k in range(3)]
        labels = ticks(drawn(*grid, example_unit(cpu_kwh=scale * 1e-4))["pareto"][1])
        assert len(labels) > 2 and all(re.fullmatch(r"[\d,]+(\.\d+)?|\de-\d+", label) for label in labels), labels


def test_the_legend_names_only_what_is_drawn() -> None:
    plain = drawn(example_result("a", train_s=20), example_unit(val_accuracy=0.95, train_s=40, cpu_kwh=0.002))
    assert legend(plain["pareto"][1]) == ["Pareto front", "ln", "unit"] and not legend(plain["ranks"][1])
    highway = {"mgu": {"wiring": "highway", "processors": {"activated": ["activation"]}, "skip_gate": True}}
    config = example_unit().config | highway
    block = example_unit("highway-s0", model="block", val_accuracy=0.5, config=config)
    resumed = example_result("a", resumed=1, residual=True)
    said = legend(drawn(resumed, block)["pareto"][1])
    assert said == ["ln", "other block", "hollow: with residual", "faint: run resumed"]
    shared = legend(drawn(example_result("a", contended=True))["pareto"][1])
    assert shared == ["ln", "faint: machine shared"]
    ends = [example_result("a"), example_unit(val_accuracy=0.95, cpu_kwh=1)]
    with_front = drawn(*ends, example_result("b", contended=True, norm="bn_pre"))
    assert legend(with_front["pareto"][1])[-1] == "faint: machine shared,\nnot on the front"


def test_captions_name_only_what_is_drawn() -> None:
    one = drawn(example_result("a-s0", contended=True))
    assert one["ranks"][0] == "Mean validation accuracy of every model."
    assert one["pareto"][0] == "Validation accuracy of each model against its cost."
    seeds = [example_result(f"a-s{seed}", seed=seed, val_accuracy=0.9 + seed / 100) for seed in range(2)]
    many = drawn(*seeds, *(example_result(f"b{k}-s0", val_accuracy=0.5) for k in range(50)))
    assert "Pareto front" not in many["pareto"][0] and "Pareto front" not in legend(many["pareto"][1])  # a single point
    assert many["ranks"][0] == "Mean validation accuracy of the 40 best models and units with its 95 % interval."
    two = drawn(example_result("a"), example_unit(val_accuracy=0.95, cpu_kwh=0.002))
    assert "Pareto front" in two["pareto"][0] and "Pareto front" in legend(two["pareto"][1])


def test_panels_are_in_the_order_of_their_layouts_and_epochs_are_whole(tmp_path: Path) -> None:
    """Whatever the ranks: two layers before ten, and a padded layout before one without padding."""
    runs = []
    for place, layout in enumerate(("[10, 0, 1, 2, 2]", "[2, 0, 1, inf, 2]", "[2, 0, 1, 3, 2]")):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "history.csv").write_text("epoch,val_accuracy\n1,0.5\n2,0.9\n")
        runs.append(Run(example_result(f"a{place}", layout=layout, val_accuracy=0.9 - place / 10), folder))
    (table,) = rank(runs)
    figure = figures(Analysis(table))["histories"].draw()
    assert [axes.get_title() for axes in figure.axes] == ["[2, 0, 1, 3, 2]", "[2, 0, 1, inf, 2]", "[10, 0, 1, 2, 2]"]
    assert all(tick == int(tick) for tick in figure.axes[0].get_xticks())


def test_undecided_gates_are_white_and_the_ends_differ() -> None:
    """A picture of gates near 0.5 once was one grey rectangle, in which black text was as dark as its cell."""
    figure = draw_gates(Gates("x", ["conv1"], ["skip", "norm", "none"], [[0.5, 0.0, math.nan]]))
    axes, bar = figure.axes
    figure.canvas.draw()
    mesh = axes.collections[0]
    undecided, closed = mesh.to_rgba(np.array([0.5, 0.0]))
    assert min(undecided[:3]) > 0.99 and closed[2] - closed[0] > 0.5
    assert [text.get_text() for text in axes.texts] == ["0.50", "0.00"]
    assert [text.get_text() for text in bar.get_yticklabels()] == ["0 closed", "0.5 undecided", "1 open"]
    assert [ink_on_gate(value) for value in (0.0, 0.5, 1.0)] == ["white", "#222222", "white"]


def test_intervals_of_seeds_lie_within_the_picture() -> None:
    grid = [example_result(f"b{number}-s{seed}", seed=seed, train_s=1) for number in range(12) for seed in range(3)]
    units = [example_unit(f"unit-s{k}", seed=k, val_accuracy=0.95 + 0.01 * k, train_s=40) for k in range(3)]
    axes = drawn(*grid, *units)["budget"][1].axes[0]
    low, high = axes.get_ylim()
    lines: list[Any] = [*axes.lines]
    (interval,) = [line for line in lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2]
    assert low > 80 and max(interval.get_ydata()) > 98  # 95, 96 and 97 %: 93.5 to 98.5
    assert low <= min(interval.get_ydata()) and max(interval.get_ydata()) <= high


def test_a_random_search_is_drawn_over_the_seeds_that_its_difference_is_over() -> None:
    """Of the grid's seeds the reference unit has one, at which a search of its cost finds 50 %; lean has both."""
    grid = [
        example_result(f"{name}-s{seed}", seed=seed, val_accuracy=accuracy, train_s=100.0)
        for name in "ab"
        for seed, accuracy in enumerate((0.5, 0.9))
    ]
    one = [example_unit("x-mgu-one-s0", val_accuracy=0.6, train_s=150.0)]
    [line] = [own for own in budget_lines(*grid, *one) if own[0].startswith("random search")]
    assert line == ("random search, expected,\nover 1 shared seed", 50.0)
    both = [example_unit(f"x-mgu-both-s{k}", seed=k, val_accuracy=0.7 + k / 10, train_s=150.0) for k in range(3)]
    lines = dict(budget_lines(*grid, *one, *both))
    assert lines["random search, expected,\nover 1 shared seed of mgu-one"] == 50.0
    assert lines["random search, expected,\nover 2 shared seeds of mgu-both"] == 70.0
    assert lines["mgu-one: 60.00 %, 150 s"] == 60.0 and lines["mgu-both: 75.00 %, 150 s"] == 75.0  # without seed 2
    whole = [example_unit(f"x-mgu-both-s{k}", seed=k, val_accuracy=0.7, train_s=150.0) for k in range(2)]
    assert ("random search, expected", 70.0) in budget_lines(*grid, *whole)


def budget_lines(*results: Result) -> list[tuple[str, float]]:
    """Label and last height of the labelled lines in the picture of searches and units."""
    axes = drawn(*results)["budget"][1].axes[0]
    lines: list[Any] = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    return [(str(line.get_label()), round(float(line.get_ydata()[-1]), 6)) for line in lines]


def test_long_names_leave_room_for_the_lines() -> None:
    """Names of random networks, with all their axes, once were longer than the picture is wide."""
    long = "nago_tiny-" + "-".join(f"graph.axis{number}=0.123" for number in range(12))
    _, figure = drawn(*(example_result(f"{long}-s{seed}", seed=seed, val_accuracy=0.9) for seed in range(3)))["ranks"]
    figure.canvas.draw()  # a layout that fits nothing warns, which is an error here
    [axes] = figure.axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert all(label.startswith("1  nago_tiny-graph.") and "…" in label for label in labels)
    assert axes.get_window_extent().width > figure.bbox.width / 3


def test_no_axis_of_accuracies_goes_far_beyond_100_percent() -> None:
    """Intervals of two seeds do: the axis went to 104 %."""
    pairs = [("a", 0.99), ("b", 0.7)]
    results = [
        example_result(f"{name}-s{seed}", seed=seed, val_accuracy=accuracy + seed / 100)
        for name, accuracy in pairs
        for seed in range(2)
    ]
    many = drawn(*results)
    assert many["ranks"][1].axes[0].get_xlim()[1] == 100.5
    assert many["pareto"][1].axes[0].get_ylim()[1] == 100.5
