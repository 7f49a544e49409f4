"""What the unit costs, by its finished runs: the measure of budgets and of the report at equal cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import fmean

from mgu.config.run import RunConfig
from mgu.results.compare.fingerprints import fingerprint_of, is_same_data
from mgu.results.schema.result import Result
from mgu.results.schema.stored_config import identity_without_replicate
from mgu.search.costs import cost_of


def unit_seconds(results: Sequence[Result], start: RunConfig, searched: Collection[str] = frozenset()) -> float | None:
    """Returns the seconds of training all units of an experiment once: the mean over their seeds, added up.

    Whoever tries several variants of the unit searches, too; so all that were trained count.

    Args:
        results: Finished runs of the experiment.
        start: A configuration with the data and the training that must be the same.
        searched: Names of the folders of the runs that searches trained. Units of which these are all runs are trials:
            a search would pay itself a larger budget by trying them.

    Returns:
        The seconds, as `cost_of` has them; None where there is no such run of a unit.
    """
    by_model: dict[str, list[Result]] = {}
    for result in unit_results(results, start):
        by_model.setdefault(identity_without_replicate(result.config) or result.stem, []).append(result)
    own = [runs for runs in by_model.values() if any(result.folder_name not in searched for result in runs)]
    return sum(fmean(cost_of(result).seconds for result in runs) for runs in own) if own else None


def unit_results(results: Sequence[Result], start: RunConfig) -> list[Result]:
    """Returns the runs of units with the data, the split and the number of epochs of a configuration.

    Those that start from trained weights are left out: what these took is not known. So are those to which a function
    of the user's returned other rows, of which there may be more or fewer.
    """
    today = fingerprint_of(start.model_dump())
    return [
        result
        for result in results
        if result.kind == "unit"
        and result.status == "ok"
        and result.seconds
        and not (result.is_stopped or result.start_sha256)
        and (result.dataset, result.split) == (start.dataset.label, start.dataset.split)
        and result.config.get("training", {}).get("epochs") == start.training.epochs
        and is_same_data(fingerprint_of(result.config), today)
    ]
