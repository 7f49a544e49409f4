"""The table at the end of a sweep: what became of every run, and why some have no result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from mgu.config.run import RunConfig
from mgu.console.table import TextColumn, print_table
from mgu.console.text import count, describe_s, print_line, table_console
from mgu.results.compare.axes import NO_AXES, Axes, write_value
from mgu.results.on_disk.file_names import LOG_FILE, RESULT_FILE
from mgu.results.on_disk.folder import count_epochs, find_result, find_state, run_folder
from mgu.text.agree import agree


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
        if outcome == "foreign":
            reason = reason or f"its {RESULT_FILE} is of another version of mgu"
        if outcome == "closed":
            reason = reason or "its folder is closed to you"
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


def print_outcomes(outcomes: Sequence[RunOutcome], took_s: float, axes: Axes = NO_AXES) -> None:
    """Prints a table of the runs that are not ok, the logs of those that failed, and a line that counts all runs.

    Args:
        outcomes: What became of each run.
        took_s: Seconds that the sweep took.
        axes: The keys in which the runs differ.
    """
    if rows := [outcome for outcome in outcomes if outcome.needs_a_row]:
        print_table(table_console(), _columns(rows, axes), axes.keys)
    for row in rows:
        if row.outcome == "failed":
            print_line(f"{_name(row, axes)}: see {run_folder(row.config) / LOG_FILE}")
    names = [outcome.outcome for outcome in outcomes]
    counts = ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))
    print_line(f"{count(len(outcomes), 'run')}: {counts}; {describe_s(took_s)}")


def describe_missing(outcomes: Sequence[RunOutcome]) -> str:
    """Describes how many runs have no result, and what to do.

    Args:
        outcomes: What became of each run.

    Returns:
        One sentence or more; empty where all runs have a result.
    """
    missing = [outcome.outcome for outcome in outcomes if not outcome.is_success]
    runs, foreign, closed = count(len(outcomes), "run"), missing.count("foreign"), missing.count("closed")
    sentences = []
    if failed := len(missing) - foreign - closed:
        sentences.append(f"{failed} of {runs} failed. The same command tries {agree(failed, 'it', 'them')} again.")
    if foreign:
        skipped = f"{foreign} of {runs} {agree(foreign, 'was', 'were')} skipped"
        sentences.append(f"{skipped}: another version of mgu trained {agree(foreign, 'it', 'them')}.")
    if closed:
        skipped = f"{closed} of {runs} {agree(closed, 'was', 'were')} skipped"
        sentences.append(f"{skipped}: {agree(closed, 'its folder is', 'their folders are')} closed to you.")
    return " ".join(sentences)


def _columns(rows: Sequence[RunOutcome], axes: Axes) -> list[TextColumn]:
    by_row = [axes.values(row.config.model_dump(mode="json")) for row in rows]
    return [
        TextColumn("run", "run", [_name(row, axes) for row in rows], "left"),
        *(TextColumn(key, key, [write_value(values[key]) for values in by_row]) for key in axes.keys),
        TextColumn("outcome", "outcome", [row.outcome for row in rows], "left"),
        TextColumn("epochs", "epochs", [str(row.epochs) for row in rows]),
        TextColumn("why", "why", [row.reason for row in rows], "left"),
    ]


def _name(row: RunOutcome, axes: Axes) -> str:
    return axes.name(row.config.name, row.config.seed, row.config.model_dump(mode="json"))
