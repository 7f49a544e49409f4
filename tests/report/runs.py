"""Runs with given accuracies and bits, for tests of the statistics of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mgu.report.analysis import Analysis
from mgu.report.formats.markdown import to_markdown
from mgu.report.ranking.paper import paper_table
from mgu.report.ranking.rank import Table, rank
from mgu.results.runs.load import Run
from mgu.results.schema.result import Result
from tests.examples import example_result

NUM_IMAGES = 400
Trained = Callable[..., list[Run]]  # see `trained` in conftest.py


def analyse(*models: list[Run], margin: float = 0.005) -> Analysis:
    (table,) = rank(run for runs in models for run in runs)
    return Analysis(table, margin)


def markdown(tables: list[Table]) -> str:
    return to_markdown([Analysis(table) for table in tables])


def paper_result(position: int, **changes: Any) -> Result:
    """A result that fits the paper's MNIST row at that rank."""
    row = paper_table("mnist")[position]
    size = round(float(row.model_size[:-1]) * 1000)
    model = "baseline" if row.norm else "unit"
    own = {"layout": row.layout, "norm": row.norm, "residual": row.residual, "params_keras": size, "model": model}
    return example_result(row.model_name, dataset="mnist", **(own | changes))
