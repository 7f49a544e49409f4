"""Whether sparse networks are as accurate as full ones with equally many active weights, at three depths on MNIST.

    python benchmarks/density.py [--seeds 0,1,2,3,4] [--runs runs] [--only-file]

It starts `mgu-run +experiment=density -m`, which skips what is finished, and files what `mgu-run report` says of each
pair; with --only-file it trains nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from collect import describe, report, train
from filed import ROOT, check_seeds, check_seeds_to_train, file_part

STUDY = "density"
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="the runs folder (default: %(default)s)")
    parser.add_argument("--only-file", action="store_true", help="file finished runs, and train none")
    options = parser.parse_args()
    words = ["+experiment=density", "-m", f"seed={options.seeds}"]
    if not options.only_file:
        check_seeds_to_train(STUDY, "pairs", options.seeds, options.runs / STUDY)
        train(options.runs, *words)
    folder = options.runs / STUDY
    if not (files := sorted(folder.glob("*/result.json"))):
        sys.exit(f"{folder} must hold finished runs, but there are none. Leave out --only-file.")
    rows = [pair(folder, full, sparse) for full, sparse in pairs(folder)]
    check_seeds(STUDY, "pairs", rows)
    file_part(STUDY, "pairs", {"machine": describe(files, " ".join(["mgu-run", *words])), "rows": rows})
    for row in rows:
        print(json.dumps(row))


def pairs(folder: Path) -> list[tuple[Row, Row]]:
    """Returns the rows of the full and the sparse network of each depth."""
    by_depth: dict[int, list[Row]] = {}
    for row in _experiment(folder)["rows"]:
        by_depth.setdefault(row["layout.depth"], []).append(row)
    found = []
    for depth in sorted(by_depth):
        sparse, full = sorted(by_depth[depth], key=lambda row: sum(json.loads(row["layout.density"])))
        found.append((full, sparse))
    return found


def pair(folder: Path, full: Row, sparse: Row) -> Row:
    """Compares the two networks of one depth."""
    asked = "--baseline", full["model_name"], "--against", sparse["model_name"]
    (own,) = _experiment(folder, *asked)["comparison"]["comparisons"]
    kept = ("outcome", "difference", "low", "high", "p_seeds", "p_images", "p_both", "p_alike", "seeds")
    return {
        "depth": full["layout.depth"],
        **{name: _network(row) for name, row in (("full", full), ("sparse", sparse))},
        **{key: own[key] for key in kept},
    }


def _network(row: Row) -> Row:
    kept = ("layout.width", "active_weights", "dead_units", "test_acc", "test_acc_sd", "processor_s", "epochs")
    return {key: row[key] for key in kept}


def _experiment(folder: Path, *words: str) -> Row:
    (found,) = json.loads(report([folder], "json", *words))["experiments"]
    assert isinstance(found, dict)
    return found


if __name__ == "__main__":
    main()
