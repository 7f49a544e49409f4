"""The files in the folder of a run: what is removed before it begins, and what is saved of it in the end."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from mgu.config.run import RunConfig
from mgu.factory.resolved_run import ResolvedRun
from mgu.results.on_disk.file_names import (
    CHECKPOINT_FILE,
    CONFIG_FILE,
    CORRECT_FILE,
    DIRECTED_FILE,
    EQUILIBRIUM_FILE,
    EXPLAIN_FILE,
    HISTORY_FILE,
    LOAD_FILE,
    PATH_NORM_FILE,
    PICTURE_FILES,
    PREPROCESSING_FILE,
    PRUNE_FOLDER,
    RESULT_FILE,
    UNUSABLE_CHECKPOINT_FILE,
    WEIGHTS_FILE,
)
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.preprocessing import write_preprocessing
from mgu.run.checkpoint import save_weights
from mgu.run.evaluate_splits import Correct
from mgu.train.loop import Fit

# result.json, written last, has their checksums.
KNOWN_FILES = (CONFIG_FILE, HISTORY_FILE, WEIGHTS_FILE, PREPROCESSING_FILE, CORRECT_FILE, LOAD_FILE)
# What an earlier run may have left.
RUN_FILES = (
    *(RESULT_FILE, CHECKPOINT_FILE, UNUSABLE_CHECKPOINT_FILE, HISTORY_FILE, CORRECT_FILE, WEIGHTS_FILE),
    *(PREPROCESSING_FILE, EXPLAIN_FILE, EQUILIBRIUM_FILE, DIRECTED_FILE, PATH_NORM_FILE, LOAD_FILE),
    *PICTURE_FILES,
)


def clear(config: RunConfig, folder: Path) -> None:
    """Removes what an earlier run left, so that none of it passes for this one's, and writes the configuration.

    Args:
        config: The run. What it continues from stays, unless it is forced.
        folder: Its folder.
    """
    stale = [RESULT_FILE] if (folder / CHECKPOINT_FILE).exists() and not config.force else RUN_FILES
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / PRUNE_FOLDER, ignore_errors=True)
    write_text(folder / CONFIG_FILE, yaml.safe_dump(config.model_dump(), sort_keys=False))


def save_best(resolved: ResolvedRun, folder: Path, outcome: Fit, correct: Correct | None) -> None:
    """Saves the best epoch's weights, if any epoch ended finite, what predictions need, and the correct examples.

    Args:
        resolved: The run.
        folder: Its folder.
        outcome: The outcome of its training.
        correct: Which examples it predicts correctly, where that is known.
    """
    if outcome.best_weights is None:
        return
    save_weights(folder, outcome.best_weights)
    write_preprocessing(folder, resolved.dataset.preprocessing)
    if correct:
        correct.write(folder)
