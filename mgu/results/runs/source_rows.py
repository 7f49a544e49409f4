"""Whether the run that another one starts from has trained on rows that judge that one.

Rows are drawn with seeds of their own, so that runs on one data set with the same settings have the same rows, whatever
their seeds. With another fold, share or split, most of the rows that validate and test have trained the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.errors import UserError
from mgu.results.compare.axes import write_value
from mgu.results.compare.fingerprints import is_same_data
from mgu.results.compare.rows import rows_of
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.stored_config import parse_config

if TYPE_CHECKING:
    from mgu.config.run import RunConfig

# Data of which no setting moves an example from training to test: sequences are drawn anew for each part, all rows of a
# gate train, and what a function of the user's returns is known to nobody else.
WITHOUT_CHOICE = ("adding", "gates", "python")
IMAGE_FILES = ("images", "cases")  # their checksum is that of the chosen images: others in one folder may be the same
CHOOSES_IMAGES = tuple(f"dataset.{name}" for name in ("broken", "stages", "stage_pattern", "groups", "columns"))
# How images by name are read as sequences; and where data lie, which is not what they are, nor what is found in them.
LEAVES_EXAMPLES = frozenset(
    f"dataset.{name}"
    for name in (
        *("sequence", "permuted", "num_classes"),
        *("root", "path", "download", "memory_gib", "cache_gib", "sha256", "classes"),
    )
)


def check_source_rows(config: RunConfig) -> None:
    """Checks that no row that validates or tests a run has trained the run that it starts from, or one before that.

    Args:
        config: The checked configuration of the run.

    Raises:
        UserError: They have one data set, and differ in what decides its rows.
    """
    ours = config.dataset.model_dump(mode="json")
    for folder, source in _sources(config):
        theirs = source.dataset.model_dump(mode="json")
        if source.dataset.label == config.dataset.label and not _are_same_rows(theirs, ours):
            raise UserError(
                "training.start_from must be a run on the same rows where it has the same data, for rows that judge "
                f"this run have trained it otherwise, but to {folder.name} dataset.target {ours['target']} has "
                "returned others. Seed what it draws, as by random_state=0, and train that run anew."
            )
        if _is_one_data_set(theirs, ours) and (key := _differing(theirs, ours)):
            told = [write_value(_decisive(values).get(key)) for values in (theirs, ours)]
            key = "dataset" if key == "dataset.name" else key
            raise UserError(
                "training.start_from must be a run on the same rows where it has the same data, for rows that judge "
                f"this run have trained it otherwise, but {folder.name} has {key}={told[0]}, and this run has "
                f"{key}={told[1]}. Name a run with {key}={told[1]}, or pass {key}={told[0]}."
            )


def _sources(config: RunConfig) -> Iterator[tuple[Path, RunConfig]]:
    """Yields the run that is started from, the one that it was started from, and so on, as far as they are there."""
    seen: set[str] = set()
    while (start := config.training.start_from) and start not in seen:
        seen.add(start)
        try:
            source = parse_config(read_result(Path(start) / RESULT_FILE).config)
        except (OSError, ValueError):
            return  # moved or deleted since
        if source is None:
            return
        yield Path(start), source
        config = source


def _is_one_data_set(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    if first["name"] in WITHOUT_CHOICE or second["name"] in WITHOUT_CHOICE:
        return False
    if _are_image_files(first, second) and first["path"] == second["path"]:
        return True
    digests = first.get("sha256"), second.get("sha256")
    return digests[0] == digests[1] if any(digests) else first["name"] == second["name"]


def _are_same_rows(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return is_same_data(first.get("fingerprint"), second.get("fingerprint"))


def _are_image_files(*datasets: Mapping[str, Any]) -> bool:
    return all(dataset["name"] in IMAGE_FILES for dataset in datasets)


def _differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """Returns the first key that gives the run other rows to judge it by; None where there is none."""
    before, now = _decisive(theirs), _decisive(ours)
    are_same_images = _are_image_files(theirs, ours) and theirs["sha256"] == ours["sha256"]
    for key in {**before, **now}:
        if are_same_images and key.startswith(CHOOSES_IMAGES):
            continue
        # Held-out rows of published data become training rows; the test rows have neither trained nor chosen.
        is_harmless = key == "dataset.split" and before.get(key) == "holdout"
        if before.get(key) != now.get(key) and not is_harmless:
            return key
    return None


def _decisive(dataset: Mapping[str, Any]) -> dict[str, Any]:
    in_use = {**dataset, "test_share": None} if dataset.get("folds") else dataset  # folds take its place
    return {key: value for key, value in rows_of(in_use).items() if key not in LEAVES_EXAMPLES}
