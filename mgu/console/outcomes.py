"""The table at the end of a sweep: what became of every run, and why some have no result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from rich import box
from rich.table import Table

from mgu.config.run import RunConfig
from mgu.console.text import count, describe_s, print_line, table_console
from mgu.results.file_names import LOG_FILE
from mgu.results.folder import count_epochs, find_result, find_state, run_folder


class RunOutcome(NamedTuple):
    """Describes what became of one run of a sweep.

    Attributes:
        config: Configuration of the run.
        outcome: Status of the run's result, or the state of the run if it has none.
        epochs: Epochs that were trained.
        reason: Why there is no result, or none worth having; empty if there is nothing to say.
    """

    config: RunConfig
    outcome: str
    epochs: int
    reason: str

    @classmethod
    def read(cls, config: RunConfig, reason: str | None) -> Self:
        """Reads the outcome from the run's folder; `reason` is what the launcher said of it."""
        state, result = find_state(config), find_result(config)
        outcome = result.status if result and state in ("done", "failed") else state
        epochs = result.epochs if result else count_epochs(run_folder(config))
        reason = reason or (result and result.error) or ""
        if outcome == "interrupted":
            reason = reason or f"stopped after epoch {epochs}"
        if outcome == "running":
            reason = reason or "goes on in another process"
        if outcome == "diverged":
            reason = f"the loss was not finite in epoch {epochs}"
        return cls(config, outcome, epochs, reason)

    @property
    def is_success(self) -> bool:
        """Whether training came to its end; a diverged run is a result, too."""
        return self.outcome in ("ok", "diverged")

    @property
    def needs_a_row(self) -> bool:
        """Whether the table has a row for it; runs that are ok or were not begun have none."""
        return self.outcome != "ok" and (self.outcome != "pending" or bool(self.reason))


def print_outcomes(outcomes: Sequence[RunOutcome], took_s: float) -> None:
    """Prints a table of the runs that are not ok, and a line that counts all of them.

    Args:
        outcomes: What became of each run.
        took_s: Seconds that the sweep took.
    """
    if rows := [outcome for outcome in outcomes if outcome.needs_a_row]:
        table_console().print(_build_table(rows), markup=False)
    names = [outcome.outcome for outcome in outcomes]
    counts = ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))
    print_line(f"{count(len(outcomes), 'run')}: {counts}; {describe_s(took_s)}")


def _build_table(rows: Sequence[RunOutcome]) -> Table:
    table = Table("run", "outcome", "epochs", "why", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        why = f"{row.reason}\nsee {run_folder(row.config) / LOG_FILE}" if row.outcome == "failed" else row.reason
        table.add_row(row.config.name, row.outcome, str(row.epochs), why)
    return table
