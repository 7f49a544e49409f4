"""Runs of models that were never trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgu.results.on_disk.correct import write_correct
from mgu.results.runs.load import Run
from tests.examples import example_result, example_unit
from tests.report.runs import NUM_IMAGES, Trained


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """Runs of one model whose accuracies by seed are given, with bits that have them; `shift` moves the wrong ones."""

    def build(
        name: str, accuracies: Sequence[float], *, bits: bool = True, shift: int = 0, **changes: Any
    ) -> list[Run]:
        runs = []
        for seed, accuracy in enumerate(accuracies):
            folder = tmp_path / f"{name}-{seed}"
            folder.mkdir()
            correct = np.roll(np.arange(NUM_IMAGES) < round(accuracy * NUM_IMAGES), shift)
            if bits:
                write_correct(folder, NUM_IMAGES, np.packbits(correct).tobytes())
            make = example_unit if name.startswith("unit") else example_result
            result = make(f"{name}-s{seed}", seed=seed, val_accuracy=float(correct.mean()), **changes)
            runs.append(Run(result, folder))
        return runs

    return build
