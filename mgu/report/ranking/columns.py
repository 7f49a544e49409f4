"""Columns of a ranking table: the paper's in its order, then others. To add one, add a Column to `columns`."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import NamedTuple

from mgu.console.text import size
from mgu.report.costs import places
from mgu.report.energy_phases import PHASES, mean_phase_wh
from mgu.report.ranking.load import gpu_value, processors_busy
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row, Split
from mgu.results.axes import Axes, write_value
from mgu.results.result import describe_method
from mgu.tasks.score import shorten

REPEATS_NAME = ("layout", "norm", "residual")  # columns that repeat what the name of the model says, beside the axes
LEFT_ALIGNED = ("model_name", "layout", "norm", "status")
PROCESSOR_COLUMNS = {  # by key the field of Processor
    "cpu_name": "name",
    "cpu_threads": "threads",
    "cpu_design_power_w": "design_power_w",
    "cpu_design_power_by": "design_power_by",
}

Value = str | int | float | None


class Column(NamedTuple):
    """Describes one column of a ranking table, for machines and for people.

    Attributes:
        key: Name of the column in CSV and JSON.
        title: Heading for people; empty for a column that only machines read.
        value: Function that returns the exact value of a row.
        text: Function that returns the rounded value of a row for people.
    """

    key: str
    title: str
    value: Callable[[Row], Value]
    text: Callable[[Row], str]


def columns(table: Table) -> list[Column]:
    """Chooses the columns that a table can fill.

    Args:
        table: A ranked table.

    Returns:
        The columns in order, with those that only machines read.
    """
    chosen = [*_model_columns(table), *_scores("train", table), *_scores("val", table)]
    if table.tested == "test":
        chosen += _scores("test", table)
    if any(row.paper for row in table.rows):
        chosen.append(Column("paper_val_acc", "paper [%]", _paper, lambda row: _or_dash(_paper(row), ".2f")))
    chosen.append(Column("seeds", "seeds" * table.has_seeds, _seeds, lambda row: str(_seeds(row))))
    if any(own.folds for row in table.rows for own in row.replicates):
        chosen.append(Column("folds", "folds", _folds, lambda row: str(_folds(row))))
    chosen.append(Column("epochs", "epochs", _epochs, lambda row: f"{_epochs(row):.4g}"))
    chosen += _load_columns(table)
    for part in ("cpu", "gpu", "ram"):
        if any(row.cost.component(part) for row in table.rows):
            chosen += _energy(part, table, is_shown=part != "ram")
    return [*chosen, *_machine_columns(), Column("status", "status", lambda row: row.status, lambda row: row.status)]


def shown_columns(table: Table) -> list[Column]:
    """Chooses the columns that people read: those with a title.

    Args:
        table: A ranked table.

    Returns:
        The columns in order.
    """
    return [column for column in columns(table) if column.title]


def repeats_name(table: Table) -> tuple[str, ...]:
    """Returns the keys of the columns that repeat what the name of the model says."""
    return (*REPEATS_NAME, *table.axes.keys)


def _model_columns(table: Table) -> list[Column]:
    """Returns the columns that name the model, the axes in which models differ, and its time to solution."""
    return [
        Column("rank", "rank", lambda row: row.rank, lambda row: _or_dash(row.rank)),
        Column("model_name", "model_name", lambda row: row.name, lambda row: row.name),
        Column("layout", "layout", lambda row: row.result.layout, lambda row: row.result.layout),
        Column("norm", "norm", lambda row: row.result.norm, lambda row: row.result.norm or "N/A"),
        Column("residual", "residual", _residual, lambda row: {None: "N/A", 0: "0", 1: "1"}[_residual(row)]),
        *(_axis(table.axes, key) for key in table.axes.keys),
        Column(
            "model_size", "model size", lambda row: row.result.params_keras, lambda row: size(row.result.params_keras)
        ),
        *_sparsity_columns(table),
        Column(
            "tts_s",
            "tts [s]",
            lambda row: row.cost.tts_s,
            lambda row: _or_dash(row.cost.tts_s, ",.1f") + row.cost.marks,
        ),
    ]


def _sparsity_columns(table: Table) -> list[Column]:
    """Returns the columns of networks with masks, where there are any."""
    if all(row.result.active_weights is None for row in table.rows):
        return []
    return [
        Column(
            "active_weights",
            "active weights",
            lambda row: row.result.active_weights,
            lambda row: _or_dash(row.result.active_weights, ","),
        ),
        Column(
            "dead_units", "dead units", lambda row: row.result.dead_units, lambda row: _or_dash(row.result.dead_units)
        ),
    ]


def _axis(axes: Axes, key: str) -> Column:
    """Returns the column of a key of the configuration in which models differ."""

    def value(row: Row) -> Value:
        own = axes.values(row.result.config)[key]
        return own if own is None or isinstance(own, int | float | str) else write_value(own)

    def text(row: Row) -> str:
        own = axes.values(row.result.config)[key]
        return _or_dash(None if own is None else write_value(own))

    return Column(key, key, value, text)


def _machine_columns() -> list[Column]:
    """Returns the columns that only machines read: costs that have no title, and what disturbed the runs."""
    return [
        Column("processor_s", "", lambda row: row.cost.processor_s, lambda row: ""),
        *(_of_processor(key, field) for key, field in PROCESSOR_COLUMNS.items()),
        Column("machine_load", "", _load, lambda row: ""),
        Column("co2_kg_estimated", "", lambda row: row.cost.mean_energy("emissions_kg"), lambda row: ""),
        Column("co2_country", "", _country, lambda row: ""),
        Column("co2_intensity_g_kwh", "", _intensity, lambda row: ""),
        *(_phase(part, phase) for part in ("cpu", "gpu", "ram") for phase in PHASES),
        Column("contended", "", lambda row: sum(r.contended for r in row.results), lambda row: ""),
        Column("resumed", "", lambda row: sum(r.resumed for r in row.results), lambda row: ""),
    ]


def _load_columns(table: Table) -> list[Column]:
    """Returns the columns of how busy training kept the devices, of those that any row knows."""

    def busy(row: Row) -> float | None:
        return gpu_value(row, "busy")

    def of_gpu(field: str) -> Callable[[Row], Value]:
        return lambda row: gpu_value(row, field)

    found = [Column("processors_busy", "CPUs busy", processors_busy, lambda row: _or_dash(processors_busy(row), ".2f"))]
    if any(busy(row) is not None for row in table.rows):
        found.append(Column("gpu_busy", "GPU busy", busy, lambda row: _or_dash(busy(row), ".0%")))
    fields = ("busy_max", "memory_mib", "memory_mib_max", "power_w", "power_w_max")
    found += [Column(f"gpu_{field}", "", of_gpu(field), lambda row: "") for field in fields]
    return [column for column in found if any(column.value(row) is not None for row in table.rows)]


def _of_processor(key: str, field: str) -> Column:
    """Returns a column of a field of `Processor`: what its runs share, or their different values joined by "+"."""

    def value(row: Row) -> Value:
        found = [getattr(result.processor, field) for result in row.cost.timed if result.processor]
        known = dict.fromkeys(own for own in found if own is not None)
        return next(iter(known)) if len(known) == 1 else " + ".join(map(str, known)) or None

    return Column(key, "", value, lambda row: "")


def _load(row: Row) -> float | None:
    """Returns the mean over its runs of the share of the machine's processors that any program kept busy."""
    loads = [own for result in row.cost.timed if result.processor and (own := result.processor.load) is not None]
    return fmean(loads) if loads else None


def _scores(split: Split, table: Table) -> list[Column]:
    """Returns the columns of the metrics on one split that any row has: accuracies in percent, others as they are.

    People see the score of every split, and two other metrics of the compared split: more would not fit a page.
    """
    names = [table.score.metric, *table.score.others]
    known = [name for name in names if any(row.spread(split, name) for row in table.rows)]
    return [
        column
        for name in known
        for column in _over_seeds(
            split, name, table, is_shown=name == names[0] or (split == table.tested and name in names[:3])
        )
    ]


def _over_seeds(split: Split, metric: str, table: Table, is_shown: bool = True) -> list[Column]:
    """Returns the columns of one metric: its mean with the deviation, and its interval.

    Deviation and interval are hidden where every model has one seed, and left out for training data.
    """
    is_accuracy = metric.endswith("accuracy")
    scale, key = 100 if is_accuracy else 1, f"{split}_{metric.replace('accuracy', 'acc')}"

    def value(row: Row, field: str) -> float | None:
        own = getattr(row.spread(split, metric), field, None)
        return None if own is None else scale * own

    def write(own: float | None) -> str:
        return "-" if own is None else f"{own:.2f}" if is_accuracy else shorten(own)

    def text(row: Row) -> str:
        deviation = value(row, "deviation") if split != "train" else None
        return write(value(row, "mean")) + ("" if deviation is None else f" \u00b1 {write(deviation)}")

    def interval(row: Row) -> str:
        low, high = value(row, "low"), value(row, "high")
        return "-" if low is None or high is None else f"{write(low)} to {write(high)}"

    title = f"{key} [%]" if is_accuracy else key
    mean = Column(key, title * is_shown, lambda row: value(row, "mean"), text)
    if split == "train":
        return [mean]
    has_interval = table.has_seeds and metric == table.score.metric
    return [
        mean,
        Column(f"{key}_sd", "", lambda row: value(row, "deviation"), lambda row: ""),
        Column(f"{key}_low", "95 % interval" * has_interval, lambda row: value(row, "low"), interval),
        Column(f"{key}_high", "", lambda row: value(row, "high"), lambda row: ""),
    ]


def _energy(part: str, table: Table, is_shown: bool) -> list[Column]:
    """Returns the columns of energy and method; the title names the method where all rows share it."""
    methods = {component.method for row in table.rows if (component := row.cost.component(part))}
    shared = next(iter(methods)) if len(methods) == 1 else None

    def wh(row: Row) -> float | None:
        component = row.cost.component(part)
        return 1000 * component.kwh if component else None

    def method(row: Row) -> str | None:
        component = row.cost.component(part)
        return component.method if component else None

    def text(row: Row) -> str:
        return _or_dash(wh(row), ".4g") + (f" {describe_method(own)}" if not shared and (own := method(row)) else "")

    title = f"{part.upper()} [Wh]" + (f" {describe_method(shared)}" if shared else "")
    return [Column(f"{part}_wh", title * is_shown, wh, text), Column(f"{part}_method", "", method, lambda row: "")]


def _residual(row: Row) -> int | None:
    """Returns 1 for a model with residual connections, 0 for one without, None where that is no choice."""
    return None if row.result.residual is None else int(row.result.residual)


def _country(row: Row) -> str | None:
    """Returns the place whose carbon intensity the emissions assume; several are joined by "+"."""
    return "+".join(places(row.cost.timed)) or None


def _intensity(row: Row) -> Value:
    """Returns the carbon intensity of that place in g/kWh, if all runs share it; older results do not have it."""
    found = {result.energy.intensity_g_kwh for result in row.cost.timed if result.energy}
    return next(iter(found)) if len(found) == 1 else None


def _phase(part: str, phase: str) -> Column:
    """Returns the column of the energy of one part of the machine in one phase, by the method of that part."""
    return Column(f"{part}_{phase}_wh", "", lambda row: mean_phase_wh(row.cost.timed, part, phase), lambda row: "")


def _seeds(row: Row) -> int:
    """Returns the number of seeds that the score is the mean of."""
    return len({run.seed for run in row.values("val", row.result.score.metric)})


def _folds(row: Row) -> int:
    """Returns the number of folds that the score is the mean of."""
    return len({run.fold for run in row.values("val", row.result.score.metric)})


def _epochs(row: Row) -> float:
    """Returns the mean number of epochs, as an integer where it is one."""
    value = fmean(result.epochs for result in row.results)
    return int(value) if value == int(value) else value


def _paper(row: Row) -> float | None:
    """Returns the validation accuracy that the paper prints for the model, in percent."""
    return row.paper.val_acc if row.paper else None


def _or_dash(value: Value, form: str = "") -> str:
    """Returns the formatted value, or a dash for None."""
    return "-" if value is None else format(value, form)
