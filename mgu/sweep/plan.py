"""`mgu-run plan`: lists every run of a sweep with its size, its state, and the time and energy it will take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.status import Status

from mgu.config.run import RunConfig
from mgu.console.table import TextColumn, print_table
from mgu.console.text import count, describe_s, print_line, print_wait, size, table_console
from mgu.isolation import CALIBRATE, call
from mgu.measure.estimate import NO_SAMPLE, Estimate, ModelSize, estimate
from mgu.measure.recipe import recipe_of
from mgu.measure.sample import Sample
from mgu.results.compare.axes import find_axes, write_value
from mgu.results.compare.same_data import check_same_data
from mgu.results.on_disk.folder import State, count_safe_epochs, run_folder
from mgu.sweep.closed import print_closed
from mgu.sweep.concurrency import Concurrency, find_concurrency
from mgu.sweep.foreign import print_foreign
from mgu.sweep.other_names import print_other_names
from mgu.sweep.preflight import check_and_size
from mgu.sweep.schedule import makespan
from mgu.sweep.sweep import find_samples
from mgu.sweep.todo import find_todo
from mgu.text.printable import printable

HOW_TO_KNOW = " Contended and resumed runs are not compared. Pass --calibrate to try a few steps."
DONE = Estimate(0.0, 0.0, "is done")
SKIPPED = Estimate(0.0, 0.0, "is skipped")
LEFT_ALIGNED = ("name", "layout", "state")


class PlannedRun(NamedTuple):
    """Holds one line of the plan.

    Attributes:
        config: Configuration of the run.
        name: Its name, with the values of the keys in which the runs differ.
        axes: Those values by key.
        model: Size and device of its model.
        state: State of the run.
        estimate: Time and energy that the run will still take.
    """

    config: RunConfig
    name: str
    axes: dict[str, Any]
    model: ModelSize
    state: State
    estimate: Estimate


def show_plan(configs: Sequence[RunConfig], form: str, calibrate: bool) -> None:
    """Prints the plan of a sweep, without training it.

    Args:
        configs: Configurations of all runs.
        form: "table" or "json".
        calibrate: Whether to train a few steps of every layout of which there is no finished run.

    Raises:
        UserError: A run cannot be trained here.
    """
    notes: list[str] = []
    check_same_data(configs)
    with Console(stderr=True).status("looking at data and models") as status:
        concurrency = find_concurrency(configs)
        models = check_and_size(
            *(configs, configs, concurrency.threads, False),
            on_note=notes.append,
            on_import=lambda: _say_import(status),
        )
    concurrency = concurrency.on((model.device for model in models.values()), configs)
    todo = find_todo(configs)
    print_foreign(todo.foreign)
    print_closed(todo.closed.values())
    print_other_names(configs)
    samples = find_samples(configs, todo.skipped)
    if calibrate:
        with Console(stderr=True).status("training a few steps of every layout"):
            samples += _calibrate([c for c in todo.runs.values() if estimate(c, models[c.identity], samples).is_rough])
    expected = dict.fromkeys(todo.states, DONE) | dict.fromkeys(todo.skipped, SKIPPED)
    for folder, config in todo.runs.items():
        expected[folder] = estimate(config, models[config.identity], samples, count_safe_epochs(config))
    runs = _plan_runs(configs, models, todo.states, expected)
    if form == "json":
        print(
            json.dumps(
                {"runs": [_record(run) for run in runs], "total": _total(runs, concurrency), "data": notes}, indent=2
            )
        )
    else:
        for note in notes:
            print_line(note)
        _print_table(runs, concurrency)


def _plan_runs(
    configs: Sequence[RunConfig],
    models: Mapping[str, ModelSize],
    states: Mapping[Path, State],
    expected: Mapping[Path, Estimate],
) -> list[PlannedRun]:
    """Returns the runs with the names that tell them apart."""
    axes = find_axes([(config.stem, config.model_dump(mode="json")) for config in configs])
    runs = []
    for config in configs:
        folder, values = run_folder(config), config.model_dump(mode="json")
        name = axes.name(config.name, config.seed, values)
        model = models[config.identity]
        runs.append(PlannedRun(config, name, axes.values(values), model, states[folder], expected[folder]))
    return runs


def _say_import(status: Status) -> None:
    if status.console.is_terminal:
        status.update("importing torch, then looking at data and models")
    else:
        print_wait("importing torch")


def _calibrate(configs: Sequence[RunConfig]) -> list[Sample]:
    """Trains a few steps of every layout, and of every kind of unit and recipe on it; returns one sample for each."""
    representatives = {
        (c.dataset.label, c.layout.as_list, c.mgu and c.mgu.model_dump_json(), recipe_of(c.model_dump(mode="json"))): c
        for c in configs
    }
    return [call(CALIBRATE, config) for config in representatives.values()]


def _record(run: PlannedRun) -> dict[str, Any]:
    """Returns one run of the plan as JSON."""
    config = run.config
    return {
        "name": run.name,
        "axes": run.axes,
        "layout": config.layout.name,
        "norm": config.norm and config.norm.name,
        "residual": config.residual,
        "mgu": config.mgu and config.mgu.wiring,
        "seed": config.seed,
        "params": run.model.params_keras,
        "flops": run.model.flops,
        "device": run.model.device,
        "state": run.state,
        "est_time_s": run.estimate.time_s,
        "est_energy_kwh": run.estimate.energy_kwh,
        "est_method": run.estimate.method,
        "folder": str(run_folder(config)),
    }


def _total(runs: Sequence[PlannedRun], concurrency: Concurrency) -> dict[str, Any]:
    """Returns the total time and energy that is still to be spent; None if it is not known for every run."""
    times = [run.estimate.time_s for run in runs]
    energies = [run.estimate.energy_kwh for run in runs]
    states = [run.state for run in runs]
    return {
        "runs": len(runs),
        "states": {state: states.count(state) for state in dict.fromkeys(states)},
        "est_time_s": None if None in times else sum(time_s for time_s in times if time_s),
        "at_once": concurrency.number,
        "est_wall_clock_s": None
        if None in times
        else makespan([time_s or 0.0 for time_s in times], concurrency.number),
        "est_energy_kwh": None if None in energies else sum(energy for energy in energies if energy),
    }


def _print_table(runs: Sequence[PlannedRun], concurrency: Concurrency) -> None:
    console, rows = table_console(), [_cells(run) for run in runs]
    columns = [
        TextColumn(title, title, [row[title] for row in rows], "left" if title in LEFT_ALIGNED else "right")
        for title in rows[0]
    ]
    lesser = ["layout", *runs[0].axes, "FLOPs per sample", "energy [Wh]", "model size"]  # the name tells the first ones
    print_table(console, columns, lesser)
    for line in map(printable, _describe_total(runs, concurrency)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _cells(run: PlannedRun) -> dict[str, str]:
    """Returns the cells of one line of the table, by the titles of its columns."""
    config, expected = run.config, run.estimate
    return {
        "name": run.name,
        "layout": config.layout.as_list,
        **{key: write_value(value) for key, value in run.axes.items()},
        "model size": size(run.model.params_keras),
        "FLOPs per sample": size(run.model.flops),
        "state": run.state,
        "time": "-" if expected.time_s is None else describe_s(expected.time_s),
        "energy [Wh]": "-" if expected.energy_kwh is None else f"{expected.energy_kwh * 1000:.3g}",
    }


def _describe_total(runs: Sequence[PlannedRun], concurrency: Concurrency) -> list[str]:
    """Describes the total, and what the estimates are based on."""
    total = _total(runs, concurrency)
    states = ", ".join(f"{number:,} {state}" for state, number in total["states"].items())
    devices = " and ".join(sorted({run.model.device for run in runs}))
    lines = [f"{count(len(runs), 'run')} ({states}) on {devices}."]
    expected = [run.estimate for run in runs if run.estimate not in (DONE, SKIPPED)]
    unknown = [estimated.method for estimated in expected if estimated.time_s is None]
    methods = [estimated.method for estimated in expected if estimated.time_s is not None]
    known_s = sum(run.estimate.time_s or 0.0 for run in runs)
    known_wh = 1000 * sum(run.estimate.energy_kwh or 0.0 for run in runs)
    if methods:
        rest = f", and {len(unknown)} of which nothing is known" if unknown else ""
        energy = f", and {known_wh:.3g} Wh from its end on" if known_wh else ""
        time_left = f"{describe_s(known_s)} one after the other, from the set-up of each on"
        lines.append(f"To be done, estimated: {time_left}{energy}{rest}.")
        if concurrency.number > 1:
            wall_s = makespan([run.estimate.time_s or 0.0 for run in runs], concurrency.number)
            lines.append(
                f"{count(concurrency.number, 'run')} at once, the longest first: at least {describe_s(wall_s)}, for "
                "runs side by side are slower."
            )
    for method in dict.fromkeys(methods):
        lines.append(f"  {methods.count(method):,} estimated from {method}.")
    for method in dict.fromkeys(unknown):
        lines.append(f"  {unknown.count(method):,} {method}.{HOW_TO_KNOW if method == NO_SAMPLE.method else ''}")
    return lines
