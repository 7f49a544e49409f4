"""How long a command takes to begin, relative to `import torch`: a plan of 26 runs, and the first step of a run.

    .venv/bin/python benchmarks/start.py [--rounds 10]

Each is a fresh process, in turns with `python -c "import torch"`. A plan reads no data, so that files of the published
sizes stand for CIFAR-10. The run is over for us when it says that its first step begins.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from first_line import run_until
from models import configure
from rich.console import Console
from rich.table import Table
from rounds import add_rounds
from side_by_side import describe, in_turns, ratio, save, spread

from mgu.data.images.published import PUBLISHED

MGU = [sys.executable, "-c", "from mgu.cli.main import main; main()"]
RUN = ["dataset=digits", "layout=digits_2"]
BARS = {"plan +experiment=cifar": 1.5, " ".join(RUN): 1.5}  # times `import torch`, at most
TORCH = "import torch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rounds(parser, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = in_turns(ways(Path(folder)), options.rounds, warm_up=1)
    rows = [
        {
            "command": command,
            "to_import_torch": ratio(seconds, command, TORCH),
            "with_quartiles": spread(seconds, command, TORCH),
            "bar": bar,
            "seconds": {name: describe(seconds[name]) for name in (command, TORCH)},
        }
        for command, bar in BARS.items()
    ]
    save("speed", "start", configure("M2"), rows)
    show(rows)


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    """The commands by name."""
    for name, size in PUBLISHED["cifar10"].files.items():
        file = folder / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as opened:
            opened.truncate(size)  # takes no room
    environment = os.environ | {"MGU_DATA": str(folder / "data"), "MGU_RUNS": str(folder / "runs")}

    def call(*command: str) -> Callable[[], object]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return lambda: subprocess.run(command, env=environment, check=True, **quiet)  # type: ignore[call-overload]

    return {
        TORCH: call(sys.executable, "-c", TORCH),
        "plan +experiment=cifar": call(*MGU, "plan", "+experiment=cifar"),
        " ".join(RUN): lambda: run_until([*MGU, *RUN, "force=true"], "; files in ", environment),
    }


def show(rows: list[dict[str, Any]]) -> None:
    table = Table("command", "times import torch (quartiles)", "bar")
    for row in rows:
        met = "met" if row["to_import_torch"] <= row["bar"] else "NOT MET"
        table.add_row(row["command"], row["with_quartiles"], f"<= {row['bar']} {met}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
