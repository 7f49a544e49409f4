"""Which finished runs a search may take for its trials, and why others are left, so that messages can say so."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from mgu.results.compare.fingerprints import fingerprint_of, is_same_data
from mgu.results.schema.result import Result
from mgu.results.schema.stored_config import parse_config
from mgu.text.capitalise import capitalise

Config = Mapping[str, Any]  # nested, as in result.json

OTHER_FILE = "on other rows than dataset.path holds now"
OTHER_ROWS = "on other rows than dataset.target returns now"
STOPPED = "stopped by training.stop_after"
WAYS_OUT = {
    OTHER_FILE: "put back what dataset.path held, or train them on what it holds now",
    OTHER_ROWS: "put back the files that dataset.target reads, or train them again with force=true",
    STOPPED: "train them to their end",
}


def find_obstacle(result: Result, today: Config) -> str | None:
    """Finds why a search may not take a run for one of its trials.

    Args:
        result: Its result.
        today: The configuration of a run of the search, which has what the data are known by now.

    Returns:
        OTHER_FILE, OTHER_ROWS or STOPPED; None where it may.
    """
    if _is_on_another_file(result.config, today):
        return OTHER_FILE
    if not is_same_data(fingerprint_of(result.config), fingerprint_of(today)):
        return OTHER_ROWS
    return STOPPED if result.is_stopped else None


def as_of_today(result: Result, obstacle: str, today: Config) -> Result:
    """Returns a run that is not taken with the identity that it would have without its obstacle.

    So it is found at its point: content of files is part of the identity, what a function returns is not.

    Args:
        result: Its result.
        obstacle: The obstacle.
        today: As for `find_obstacle`.

    Returns:
        The result; the same for other obstacles than OTHER_FILE, and where its configuration is not valid today.
    """
    if obstacle != OTHER_FILE:
        return result
    filled_in = {key: value for key, value in today["dataset"].items() if key in ("sha256", "classes")}
    config = parse_config({**result.config, "dataset": {**result.config["dataset"], **filled_in}})
    return structs.replace(result, identity=config.identity) if config else result


def _is_on_another_file(before: Config, today: Config) -> bool:
    """Tells whether a run was trained on other content of the same path."""
    first, second = before.get("dataset"), today.get("dataset")
    if not isinstance(first, Mapping) or not isinstance(second, Mapping) or first.get("name") != second.get("name"):
        return False
    given = [str(dataset["path"]) for dataset in (first, second) if dataset.get("path")]
    paths = [os.path.abspath(os.path.expanduser(path)) for path in given]
    return len(paths) == 2 and paths[0] == paths[1] and first.get("sha256") != second.get("sha256")


def count_obstacles(obstacles: Iterable[str]) -> str:
    """Counts why runs are not taken, as in "4 on other rows than dataset.target returns now".

    Args:
        obstacles: The obstacle of each run.

    Returns:
        Numbers and obstacles; "" where there are none.
    """
    return ", ".join(f"{number} {obstacle}" for obstacle, number in Counter(obstacles).items())


def ways_out(obstacles: Iterable[str]) -> str:
    """Says what to do about obstacles.

    Args:
        obstacles: The obstacles; of equal ones one counts.

    Returns:
        The beginning of a sentence; "" where there are none.
    """
    text = ", or ".join(dict.fromkeys(WAYS_OUT[obstacle] for obstacle in obstacles))
    return capitalise(text)
