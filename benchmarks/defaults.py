"""Where the usual network is wrong: small batches and deep stacks, the unit beside each norm in its place.

    python benchmarks/defaults.py train runs/defaults [--parallel 2]    # resumes; trains nothing twice
    python benchmarks/defaults.py file runs/defaults                    # or results/claim, where runs are packed

No part of the protocol of results/claim: the conditions were chosen later, after its results on three data sets. All
models have the better recipe. Someone who knows of the condition would choose another norm; the unit is told nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from claim import BETTER, compare, measured_on, read, run
from filed import file_part

from mgu.report.stats.holm import correct_for_many

STUDY = "defaults"
NORMS = ("bn_pre", "bn_post", "ln", "no_norm")
CONDITIONS = {  # the words, and how many seeds
    "batches of 4": (("dataset=digits", "dataset.split=holdout", "layout=digits_4", "training.batch_size=4",
                      "training.epochs=10", "training.patience=10"), 10),
    "16 dense layers": (("dataset=adult", "dataset.split=holdout", "layout=dense_4", "layout.depth=16",
                         "training.epochs=50", "training.batch_size=256"), 6),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("train", "file"))
    parser.add_argument("runs", type=Path)
    parser.add_argument("--parallel", default="2")
    options = parser.parse_args()
    if options.stage == "file":
        rows = [row for name in CONDITIONS for row in analyse(name, options.runs)]
        machine = measured_on(options.runs, STUDY)
        file_part("claim", STUDY, {"machine": machine | {"command": "defaults.py train"}, "rows": rows})
        return
    options.runs.mkdir(parents=True, exist_ok=True)
    for words, seeds in CONDITIONS.values():
        for model in (("mgu=lean",), (f"norm={','.join(NORMS)}", "residual=without")):
            seed = "seed=" + ",".join(map(str, range(seeds)))
            run(STUDY, options.runs, options.parallel, *words, "threads=1", *BETTER, *model, seed)


def analyse(condition: str, folder: Path) -> list[dict[str, Any]]:
    """Returns a row per model: its test score, and the unit's difference from it, paired over seeds."""
    words, _ = CONDITIONS[condition]
    runs = read(folder / STUDY)
    if runs is None:
        sys.exit(f"{folder / STUDY} must hold finished runs, but there are none. Call defaults.py train {folder}.")
    data = "digits" if "dataset=digits" in words else "dense"
    test = runs[runs.model.str.startswith(data)].pivot(index="model", columns="replicate", values="test")
    (unit,) = (model for model in test.index if model.endswith("-lean"))
    rivals = [model for model in test.index if model != unit]
    tested = [compare(model, test.loc[unit], test.loc[model], 0.0) for model in rivals]
    corrected = correct_for_many([own["p_two_sided"] for own in tested])
    against = {
        own["rival"]: {"difference": own["difference"], "p_corrected": p}
        for own, p in zip(tested, corrected, strict=True)
    }
    return [
        {"condition": condition, **describe(test.loc[model]), **against.get(str(model), {})} for model in test.index
    ]


def describe(scores: pd.Series) -> dict[str, Any]:
    """Returns the mean, deviation and least of a model's test scores in percent."""
    return {
        "model": str(scores.name),
        "test": float(scores.mean()),
        "test_sd": float(scores.std()),
        "test_least": float(scores.min()),
        "replicates": int(scores.count()),
    }


if __name__ == "__main__":
    main()
