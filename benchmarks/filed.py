"""results/<study>/data.json: what a study measured, in named parts. Imports neither torch nor mgu.

A part is {"machine": {command, commit, date, device, ...}, "rows": [...]}; a script replaces its own part only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"


def load_study(study: str) -> dict[str, Any]:
    """Returns the parts of a study by name; none where nothing is filed yet."""
    file = RESULTS / study / "data.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def load_committed(study: str) -> dict[str, Any]:
    """Returns the parts as the last commit has them, whatever was filed since; none where it has no such study."""
    command = ["git", "-C", str(ROOT), "show", f"HEAD:results/{study}/data.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def other_rows(study: str, part: str, replaced: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Returns the filed rows of a part that a partial run of its script does not replace, see `rows_to_keep`."""
    return [row for row in rows_to_keep(study, part) if not replaced(row)]


def with_filed(study: str, part: str, rows: Sequence[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Returns the filed rows with those of a run, which may be partial, in the place of what agrees in some keys."""
    measured = {_key(row, keys): row for row in rows}
    merged = [measured.pop(_key(row, keys), row) for row in rows_to_keep(study, part)]
    return [*merged, *measured.values()]


def _key(row: dict[str, Any], keys: Sequence[str]) -> str:
    """Returns what stands for some values of a row, among which may be lists."""
    return json.dumps([row.get(key) for key in keys])


def rows_to_keep(study: str, part: str) -> list[dict[str, Any]]:
    """Returns the filed rows of a part, each with the commit and the date of its own measurement, as `measured`.

    They will stay in a part that has the commit and the date of another run.
    """
    filed = load_study(study).get(part, {})
    machine = {key: value for key, value in filed.get("machine", {}).items() if key in ("commit", "date")}
    own = {"measured": machine} if machine else {}
    return [own | row for row in filed.get("rows", [])]


def check_seeds(study: str, part: str, rows: Sequence[dict[str, Any]]) -> None:
    """Ends the program where filed rows have seeds that these rows, which would take their place, have not."""
    filed = load_study(study).get(part, {}).get("rows", [])
    lost = find_lost(filed, set[int]().union(*map(seeds_of, rows)))
    if lost or len(rows) < len(filed):
        told = f"seeds {', '.join(map(str, lost))}" if lost else f"{len(filed)} rows"
        sys.exit(f"results/{study} must not lose what it has, but its part {part} has {told}. Train all of them.")


def check_seeds_to_train(
    study: str,
    part: str,
    seeds: str | int,
    runs: Path | None = None,
    replaced: Callable[[dict[str, Any]], bool] = lambda row: True,
) -> None:
    """Ends the program, before it trains anything, where neither these seeds nor finished runs have all filed ones.

    Args:
        study: Name of the study.
        part: Name of its part.
        seeds: What is to be trained: seeds separated by commas, or the number of the first ones.
        runs: Folder of the runs that the part is made of, of which those that are there count; None: of none.
        replaced: Tells the filed rows whose place will be taken.
    """
    files = runs.glob("*/result.json") if runs else ()
    trained = range(seeds) if isinstance(seeds, int) else map(int, seeds.split(","))
    there = {*trained, *(json.loads(file.read_text(encoding="utf-8"))["seed"] for file in files)}
    if lost := find_lost(filter(replaced, load_study(study).get(part, {}).get("rows", [])), there):
        named = ", ".join(map(str, lost))
        sys.exit(
            f"results/{study} must not lose what it has, but its part {part} has seeds {named}, and --seeds {seeds} "
            "has not. Train all of them."
        )


def find_lost(filed: Iterable[dict[str, Any]], seeds: set[int]) -> list[int]:
    """Returns the seeds of filed rows that are not among these."""
    return sorted(set[int]().union(*map(seeds_of, filed)) - seeds)


def seeds_of(row: dict[str, Any]) -> set[int]:
    """Returns the seeds of a row, which names one, lists them, or says how many of the first ones it has."""
    seeds = row["seeds"] if "seeds" in row else [row["seed"]]
    return set(range(seeds)) if isinstance(seeds, int) else set(seeds)


def file_part(study: str, part: str, content: dict[str, Any]) -> None:
    """Replaces one part of results/STUDY/data.json and keeps the others."""
    parts = load_study(study) | {part: content}
    file = RESULTS / study / "data.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(parts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def together(machines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns devices, versions, commits, the last day and the seconds of runs that were measured in several parts."""
    named = {
        key: ", ".join(sorted({machine[key] for machine in machines}))
        for key in ("device", "torch", "python", "commit")
    }
    summed = {key: sum(machine[key] for machine in machines) for key in ("runs", "contended", "wall_s", "cpu_s")}
    return named | summed | {"date": max(machine["date"] for machine in machines)}


def provenance() -> dict[str, str]:
    """Returns the command that runs now, the commit ("+" where the tree has changes) and today's date (UTC)."""
    commit = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    return {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "commit": subprocess.run(commit, capture_output=True, text=True, check=False).stdout.strip(),
        "date": datetime.now(UTC).date().isoformat(),
    }
