"""Names of data in reports that a function of the user's returned: of what it was asked for, and of which rows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from mgu.results.compare.fingerprints import fingerprint_of, is_same_data
from mgu.results.schema.result import Result

MOST_OPTIONS = 60  # characters of a title


def name_data(results: Sequence[Result]) -> list[str]:
    """Names the data of each run, so that runs on other rows are in no table together and are not paired.

    Args:
        results: Results of any runs.

    Returns:
        The name of the data of each: as in its result, with a number where several are known by that name.
    """
    known: dict[str, list[str]] = {}  # one fingerprint of each of the data that have a name in common
    for name, fingerprint in sorted(
        {(result.dataset, fingerprint) for result in results if (fingerprint := _fingerprint(result))}
    ):
        groups = known.setdefault(name, [])
        if not any(is_same_data(fingerprint, other) for other in groups):
            groups.append(fingerprint)
    return [_name(result, known.get(result.dataset, [])) for result in results]


def name_options(result: Result) -> str:
    """Names what a function of the user's was asked for, of which the name of the data has a checksum only.

    Args:
        result: Any run.

    Returns:
        Its arguments as " with noise=0.1, size=3"; nothing for other kinds of data, and where there are none.
    """
    dataset = result.config.get("dataset")
    options = dataset.get("options") if isinstance(dataset, dict) and dataset.get("name") == "python" else None
    if not isinstance(options, dict) or not options:
        return ""
    words = ", ".join(f"{name}={value}" for name, value in sorted(options.items()))
    return f" with {textwrap.shorten(words, MOST_OPTIONS, placeholder=' ...')}"


def _name(result: Result, groups: Sequence[str]) -> str:
    if len(groups) < 2:  # also of runs that were trained before there were fingerprints
        return result.dataset
    fingerprint = _fingerprint(result)
    if not fingerprint:
        return f"{result.dataset}, rows not known"
    number = next(number for number, other in enumerate(groups, 1) if is_same_data(fingerprint, other))
    return f"{result.dataset}, rows {number} of {len(groups)} that it has returned"


def _fingerprint(result: Result) -> str | None:
    return fingerprint_of(result.config)
