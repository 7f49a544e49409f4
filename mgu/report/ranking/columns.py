"""Columns of a ranking table: the paper's in its order, then others. To add one, add a Column to `columns`."""

from __future__ import annotations

from statistics import fmean, median

from mgu.console.text import size
from mgu.report.ranking.column import Column, Value, or_dash
from mgu.report.ranking.cost_columns import columns_for_machines, energy_columns, utilisation_columns
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.score_columns import score_columns
from mgu.results.compare.axes import Axes, write_value

REPEATS_NAME = ("layout", "norm", "residual")  # columns that repeat what the name of the model says, beside the axes
LEFT_ALIGNED = ("model_name", "layout", "norm", "status")


def columns(table: Table) -> list[Column]:
    """Chooses the columns that a table can fill.

    Args:
        table: A ranked table.

    Returns:
        The columns in order, with those that only machines read.
    """
    train = score_columns("train", table)  # all but the first, which the paper has, are for machines alone
    chosen = [*_model_columns(table), *train[:1], *score_columns("val", table)]
    if table.tested == "test":
        chosen += score_columns("test", table)
    if any(row.paper for row in table.rows):
        chosen.append(Column("paper_val_acc", "paper [%]", _paper, lambda row: or_dash(_paper(row), ".2f")))
    chosen.append(Column("seeds", "seeds" if table.has_seeds else "", _seeds, lambda row: str(_seeds(row))))
    if any(replicate.folds for row in table.rows for replicate in row.replicates):
        chosen.append(Column("folds", "folds", _folds, lambda row: str(_folds(row))))
    chosen.append(Column("epochs", "epochs", _epochs, lambda row: f"{_epochs(row):.4g}"))
    chosen += utilisation_columns(table)
    for part in ("cpu", "gpu", "ram"):
        if any(row.cost.component(part) for row in table.rows):
            chosen += energy_columns(part, table, is_shown=part != "ram")
    return [
        *chosen,
        *train[1:],
        *columns_for_machines(),
        Column("status", "status", lambda row: row.status, lambda row: row.status),
    ]


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
        Column("rank", "rank", lambda row: row.rank, lambda row: or_dash(row.rank)),
        Column("model_name", "model_name", lambda row: row.name, lambda row: row.name),
        Column("layout", "layout", lambda row: row.result.layout, lambda row: row.result.layout),
        Column("norm", "norm", lambda row: row.result.shown_norm, lambda row: row.result.shown_norm or "N/A"),
        Column("residual", "residual", _residual, lambda row: {None: "N/A", 0: "0", 1: "1"}[_residual(row)]),
        *(_axis(table.axes, key) for key in table.axes.keys),
        Column(
            "model_size", "model size", lambda row: row.result.params_keras, lambda row: size(row.result.params_keras)
        ),
        *_sparsity_columns(table),
        *_path_columns(table),
        Column(
            "tts_s",
            "tts [s]",
            lambda row: row.cost.tts_s,
            lambda row: or_dash(row.cost.tts_s, ",.1f") + row.cost.marks,
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
            lambda row: or_dash(row.result.active_weights, ","),
        ),
        Column(
            "dead_units", "dead units", lambda row: row.result.dead_units, lambda row: or_dash(row.result.dead_units)
        ),
    ]


def _path_columns(table: Table) -> list[Column]:
    """Returns the column of the path norm, where there is one."""
    if all(_gamma(row) is None for row in table.rows):
        return []
    return [Column("gamma_squared", "gamma^2", _gamma, lambda row: or_dash(_gamma(row), ".3g"))]


def _gamma(row: Row) -> float | None:
    """Returns the median over the seeds of gamma^2, whose mean the largest of them would be."""
    gammas = [result.gamma_squared for result in row.results if result.gamma_squared is not None]
    return median(gammas) if gammas else None


def _axis(axes: Axes, key: str) -> Column:
    """Returns the column of a key of the configuration in which models differ."""

    def value(row: Row) -> Value:
        chosen = axes.values(row.result.config)[key]
        return chosen if chosen is None or isinstance(chosen, int | float | str) else write_value(chosen)

    def text(row: Row) -> str:
        chosen = axes.values(row.result.config)[key]
        return or_dash(None if chosen is None else write_value(chosen))

    return Column(key, key, value, text)


def _residual(row: Row) -> int | None:
    """Returns 1 for a model with residual connections, 0 for one without, None where that is no choice."""
    return None if row.result.shown_residual is None else int(row.result.shown_residual)


def _seeds(row: Row) -> int:
    """Returns the number of seeds that the score is the mean of."""
    return len({run.seed for run in row.values("val", row.score.metric)})


def _folds(row: Row) -> int:
    """Returns the number of folds that the score is the mean of."""
    return len({run.fold for run in row.values("val", row.score.metric)})


def _epochs(row: Row) -> float:
    """Returns the mean number of epochs of the runs that did not fail, if any, as an integer where it is one."""
    ended = [result for result in row.results if result.status != "failed"]
    value = fmean(result.epochs for result in ended or row.results)
    return int(value) if value == int(value) else value


def _paper(row: Row) -> float | None:
    """Returns the validation accuracy that the paper prints for the model, in percent."""
    return row.paper.val_acc if row.paper else None
