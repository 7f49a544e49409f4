"""Files finished runs of `mgu-run` as a part of results/STUDY/data.json.

    python benchmarks/collect.py digits paper runs/digits --command "mgu-run +experiment=digits -m"
    python benchmarks/collect.py pruning reference runs/digits/*mgu* --prune --command "mgu-run prune RUN"
    python benchmarks/collect.py digits demo runs/digits --text --command "make demo"

The first form files what `mgu-run report --format json` says of one experiment, the second the prune.json of each run,
the third the report as it is printed. It imports neither torch nor mgu.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from filed import ROOT, file_part

COMMAND = Path(sys.executable).with_name("mgu-run")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("part")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--command", required=True, help="the command that trained them")
    parser.add_argument("--note", default="", help="what a reader must know about the machine")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--prune", action="store_true", help="file prune/prune.json of each run")
    form.add_argument("--text", action="store_true", help="file the report as it is printed")
    options = parser.parse_args()
    results = [file for runs in options.runs for file in sorted(runs.rglob("result.json"))]
    if not results:
        sys.exit(f"runs must hold finished runs, but {', '.join(map(str, options.runs))} has none.")
    machine = describe(results, options.command) | ({"note": options.note} if options.note else {})
    if options.prune:
        content: dict[str, Any] = {"rows": [pruned(file) for file in results]}
    elif options.text:
        content = {"rows": report(options.runs, "table").splitlines()}
    else:
        tables = json.loads(report(options.runs, "json"))["experiments"]
        if len(tables) != 1:
            sys.exit(f"runs must be of one table of mgu-run report, but have {len(tables)}. Name a folder of one.")
        (content,) = tables
    file_part(options.study, options.part, {"machine": machine, **content})


def report(runs: list[Path], form: str, *words: str) -> str:
    """Returns what `mgu-run report` with these words prints of these folders, on a terminal of 118 columns."""
    command = [str(COMMAND), "report", *map(str, runs), "--format", form, *words]
    environment = os.environ | {"COLUMNS": "118"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def train(runs: Path, *words: str) -> None:
    """Calls `mgu-run` with these words, which trains in a runs folder what is not finished yet."""
    environment = os.environ | {"MGU_RUNS": str(runs.resolve())}
    subprocess.run([str(COMMAND), *words], check=True, cwd=ROOT, env=environment)


def pruned(result_file: Path) -> dict[str, Any]:
    """Returns the prune.json of one run, without the candidates on the way."""
    file = result_file.parent / "prune" / "prune.json"
    if not file.is_file():
        sys.exit(f"{file} must exist, but does not. Call mgu-run prune {result_file.parent}.")
    outcome: dict[str, Any] = json.loads(file.read_text())
    for name in ("points", "decisions", "files", "sha256"):  # checksums are of the whole
        outcome.pop(name, None)
    for row in outcome["rows"]:
        row.setdefault("val", row.pop("accuracy", None))  # files of earlier versions called it so
    return outcome


@cache
def last_change(commit: str) -> str:
    """Returns the last commit up to this one that changed the package; "+" where the tree had changes."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%h", commit.rstrip("+"), "--", "mgu", "conf"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return found + "+" * commit.endswith("+")


def describe(result_files: list[Path], command: str) -> dict[str, Any]:
    """Returns the command, and by the result files: devices, versions, commits, the last day, seconds in all."""
    results = [json.loads(file.read_text()) for file in result_files]
    day = datetime.fromtimestamp(max(file.stat().st_mtime for file in result_files), UTC).date()
    seconds = [sum(result["seconds"].values()) for result in results if result["seconds"]]
    return {
        "command": command,
        "commit": ", ".join(sorted({last_change(result["git_commit"]) for result in results if result["git_commit"]})),
        "date": day.isoformat(),
        "device": ", ".join(sorted({result["device"] for result in results if result["device"]})),  # a failed run: none
        **{name: results[0]["versions"][name] for name in ("torch", "python")},
        "runs": len(results),
        "contended": sum(result["contended"] for result in results),
        "wall_s": round(sum(seconds), 1),
        "cpu_s": round(sum(result["energy"]["cpu_seconds"] for result in results if result["energy"]), 1),
    }


if __name__ == "__main__":
    main()
