"""One side of a comparison: a run, or the models of a folder of runs."""

from __future__ import annotations

from dataclasses import dataclass
from os.path import exists  # unlike that of Path it is False below a folder that cannot be entered
from pathlib import Path

from mgu.errors import UserError
from mgu.report.ranking.rank import rank
from mgu.report.ranking.row import Row
from mgu.results.on_disk.file_names import PACK_FILE, RESULT_FILE
from mgu.results.on_disk.files import places_of
from mgu.results.runs.find import find_run
from mgu.results.runs.load import load_results
from mgu.results.schema.result import Result


@dataclass(frozen=True)
class Side:
    """Holds one side.

    Attributes:
        name: What the user called it.
        models: Rows by name, without fold and seed.
        is_run: Whether it is a single run.
        skipped: One line for each file that could not be read.
    """

    name: str
    models: dict[str, Row]
    is_run: bool
    skipped: tuple[str, ...] = ()

    @property
    def results(self) -> list[Result]:
        """The results of all its runs."""
        return [result for row in self.models.values() for result in row.results]


def read_side(path: str) -> Side:
    """Reads a run, found as `find_run` does, or all runs below a folder.

    Args:
        path: A folder, a name below the runs folder, or the name of a run as a report shows it.

    Returns:
        The side.

    Raises:
        UserError: There is no such run or folder, or it has no result that can be read.
    """
    folder = next((folder for folder in _folders(path) if _holds_runs(folder)), None)
    loaded = load_results([folder or find_run(path)])
    if folder and not loaded.runs and not loaded.skipped:
        loaded = load_results([find_run(path)])  # which says what is missing
    if not loaded.runs:
        reason = f" ({loaded.skipped[0]})" if loaded.skipped else ""
        raise UserError(f"A and B must be finished runs or folders of such, but {path} has none{reason}. Name another.")
    tables = rank(loaded.runs)
    models: dict[str, Row] = {}
    for table in tables:
        for row in table.rows:
            stem = row.name.removesuffix(row.result.replicate.suffix)
            models[stem if len(tables) == 1 else f"{table.title}: {stem}"] = row
    return Side(path, models, folder is None, tuple(loaded.skipped))


def _holds_runs(path: Path) -> bool:
    return path.is_file() if path.name == PACK_FILE else path.is_dir() and not exists(path / RESULT_FILE)


def _folders(path: str) -> list[Path]:
    """Returns where a folder may lie; a name that no folder can have is looked for by `find_run`, which says so."""
    try:
        folder = Path(path).expanduser()
        folder.is_dir()
    except (OSError, RuntimeError, ValueError):
        return []
    return places_of(folder) if path else []
