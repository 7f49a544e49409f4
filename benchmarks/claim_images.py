"""Answers of the claim where models have one seed: over test images, which say nothing of other seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from mgu.report.stats.images import mcnemar
from mgu.results.on_disk.correct import read_correct
from mgu.results.runs.load import load_results

ALPHA = 0.05


def right_answers(folder: Path) -> dict[str, NDArray[np.bool_]]:
    """Returns which test images each run classified correctly, by its name; runs without such a file are left out."""
    read = {run.result.name: read_correct(run.folder, packed=run.packed) for run in load_results([folder]).runs}
    return {
        name: np.unpackbits(np.frombuffer(found[1], np.uint8), count=found[0]).astype(bool)
        for name, found in read.items()
        if found
    }


def compare_images(rival: str, unit: NDArray[np.bool_], other: NDArray[np.bool_], margin: float) -> dict[str, Any]:
    """Compares two runs on the same images: points of accuracy, a lower bound by the normal law, McNemar's test."""
    differences = 100 * (unit.astype(float) - other)
    mean, error = differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))
    lower, p_value = mean - norm.ppf(1 - ALPHA) * error, mcnemar(differences)
    return {
        "rival": rival,
        "difference": float(mean),
        "lower_bound": float(lower),
        "is_within_margin": bool(lower > -margin),
        "p_two_sided": p_value,
        "p_better": p_value / 2 if mean > 0 else 1 - p_value / 2,
        "replicates": 1,
    }
