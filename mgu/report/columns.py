"""The columns of a ranking table: the paper's in its order, then ours. To add one, add a Column."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mgu.report.rank import Row, Table
from mgu.results import Metrics, describe_method
from mgu.score import shorten

LEFT_ALIGNED = ("model_name", "layout", "norm", "status")

Value = str | int | float | None


class Column(NamedTuple):
    """`key` and the exact `value` are for machines, `title` and the rounded `text` for people."""

    key: str
    title: str
    value: Callable[[Row], Value]
    text: Callable[[Row], str]


def columns(table: Table) -> list[Column]:
    """Those that this table can fill."""
    chosen = [
        Column("rank", "rank", lambda row: row.rank, lambda row: _or_dash(row.rank)),
        Column("model_name", "model_name", lambda row: row.result.name, lambda row: row.result.name),
        Column("layout", "layout", lambda row: row.result.layout, lambda row: row.result.layout),
        Column("norm", "norm", lambda row: row.result.norm, lambda row: row.result.norm or "N/A"),
        Column("residual", "residual", _residual, lambda row: {None: "N/A", 0: "0", 1: "1"}[_residual(row)]),
        Column(
            "model_size", "model size", lambda row: row.result.params_keras, lambda row: size(row.result.params_keras)
        ),
        Column("tts_s", "tts [s]", lambda row: row.tts_s, lambda row: _or_dash(row.tts_s, ",.1f") + row.marks),
        *_scores("train", table),
        *_scores("val", table),
    ]
    if any(row.result.test for row in table.rows):
        chosen += _scores("test", table)
    if any(row.paper for row in table.rows):
        chosen.append(Column("paper_val_acc", "paper [%]", _paper, lambda row: _or_dash(_paper(row), ".2f")))
    chosen.append(Column("epochs", "epochs", lambda row: row.result.epochs, lambda row: str(row.result.epochs)))
    for part in ("cpu", "gpu"):
        if any(row.component(part) for row in table.rows):
            chosen += _energy(part, table)
    chosen += [
        Column("contended", "", lambda row: int(row.result.contended), lambda row: ""),
        Column("resumed", "", lambda row: row.result.resumed, lambda row: ""),
    ]
    return [*chosen, Column("status", "status", lambda row: row.result.status, lambda row: row.result.status)]


def shown_columns(table: Table) -> list[Column]:
    """Those for people: a title-less column says what another one's title or text says already."""
    return [column for column in columns(table) if column.title]


def size(params: int | None) -> str:
    """In thousands below a million; "-" where it is not known."""
    if params is None:
        return "-"
    scale, unit = (1e6, "M") if params >= 1e6 else (1e3, "K")
    return f"{params / scale:.2f}{unit}"


def _scores(split: str, table: Table) -> list[Column]:
    """The metrics of the table's task on one split: accuracy in percent, others as they are, where any row has them.

    People see beside the score the others of the last split only, for three of each would not fit a page.
    """
    if table.task == "classification":
        return [_accuracy(split)]
    last = "test" if any(row.result.test for row in table.rows) else "val"
    names = [table.score.metric, *table.score.others]
    columns = [_metric(split, name, is_shown=split == last or name == names[0]) for name in names]
    return [column for column in columns if any(column.value(row) is not None for row in table.rows)]


def _accuracy(split: str) -> Column:
    def percent(row: Row) -> float | None:
        metrics: Metrics | None = getattr(row.result, split)
        return 100 * metrics.accuracy if metrics and metrics.accuracy is not None else None

    return Column(f"{split}_acc", f"{split}_acc [%]", percent, lambda row: _or_dash(percent(row), ".2f"))


def _metric(split: str, name: str, is_shown: bool) -> Column:
    def value(row: Row) -> float | None:
        metrics: Metrics | None = getattr(row.result, split)
        return getattr(metrics, name) if metrics else None

    key = f"{split}_{name}"
    return Column(key, key * is_shown, value, lambda row: "-" if (own := value(row)) is None else shorten(own))


def _energy(part: str, table: Table) -> list[Column]:
    """Energy and its method; people read the method in the title where the whole column shares it."""
    methods = {component.method for row in table.rows if (component := row.component(part))}
    shared = next(iter(methods)) if len(methods) == 1 else None

    def wh(row: Row) -> float | None:
        component = row.component(part)
        return 1000 * component.kwh if component else None

    def method(row: Row) -> str | None:
        component = row.component(part)
        return component.method if component else None

    def text(row: Row) -> str:
        return _or_dash(wh(row), ".4g") + (f" {describe_method(own)}" if not shared and (own := method(row)) else "")

    title = f"{part.upper()} [Wh]" + (f" {describe_method(shared)}" if shared else "")
    return [Column(f"{part}_wh", title, wh, text), Column(f"{part}_method", "", method, lambda row: "")]


def _residual(row: Row) -> int | None:
    return None if row.result.residual is None else int(row.result.residual)


def _paper(row: Row) -> float | None:
    return row.paper.val_acc if row.paper else None


def _or_dash(value: Value, form: str = "") -> str:
    return "-" if value is None else format(value, form)
