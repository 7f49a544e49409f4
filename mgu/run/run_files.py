"""The files in the folder of a run: what is removed before it begins, and what is saved of it in the end."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
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
    UNREADABLE_FOLDER,
    UNREADABLE_RESULT_FILE,
    UNUSABLE_CHECKPOINT_FILE,
    WEIGHTS_FILE,
)
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.preprocessing import write_preprocessing
from mgu.results.on_disk.result_file import read_result
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


def clear(config: RunConfig, folder: Path) -> str:
    """Removes what an earlier run left, so that none of it passes for this one's, and writes the configuration.

    Args:
        config: The run. What it continues from stays, unless it is forced.
        folder: Its folder.

    Returns:
        A sentence for the user where a result could not be read, whose files are kept apart; else nothing.
    """
    goes_on = (folder / CHECKPOINT_FILE).exists() and not config.force
    stale = (RESULT_FILE,) if goes_on else RUN_FILES
    left = stale if goes_on else (CONFIG_FILE, PRUNE_FOLDER, *stale)
    kept_apart = "" if config.force else _keep_unreadable(folder, left)
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / PRUNE_FOLDER, ignore_errors=True)
    write_text(folder / CONFIG_FILE, yaml.safe_dump(config.model_dump(), sort_keys=False))
    return kept_apart


def _keep_unreadable(folder: Path, names: Sequence[str]) -> str:
    """Moves what a run left whose result.json cannot be read into a folder of its own: it may be all there is."""
    if not (folder / RESULT_FILE).exists():
        return ""
    try:
        read_result(folder / RESULT_FILE)
    except ValueError as error:
        reason = error
    else:
        return ""
    free = (folder / f"{UNREADABLE_FOLDER}{number or ''}" for number in itertools.count())
    apart = next(path for path in free if not path.exists())
    apart.mkdir()
    for name in names:
        if (folder / name).exists():
            # Under its own name every later report would read it, and say that it cannot.
            (folder / name).replace(apart / (UNREADABLE_RESULT_FILE if name == RESULT_FILE else name))
    return f"its {RESULT_FILE} is {reason}: kept with its other files in {apart.name}/, and trained again"


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
