"""Search for candidates and the choice among them, with the time and energy that they take."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mgu.config.prune import PruneConfig
from mgu.console.text import count
from mgu.data.splits import Splits
from mgu.factory.trained import TrainedRun
from mgu.measure.contention import ContentionMonitor
from mgu.measure.energy import build_meter
from mgu.prune.choose import Choice, choose, score_on
from mgu.prune.fine_tune import FineTuner
from mgu.prune.fix_gates import Candidate, fix_by_threshold, fix_stepwise
from mgu.prune.flops import CountFlops
from mgu.prune.network import Network
from mgu.random_numbers.generators import seed_all
from mgu.results.schema.energy import Energy
from mgu.train.loop import Fit

Tell = Callable[[str], None]  # prints a line of progress


class SearchResult(NamedTuple):
    """Holds the candidates, the choice, and what both took.

    Attributes:
        candidates: The candidates in the order in which they were found.
        scores: Their scores before fine-tuning.
        choice: The chosen candidate.
        search_s: Seconds of the search.
        tune_s: Seconds of fine-tuning.
        energy: Energy of both; None if it was not measured.
        contended: Whether another run shared the machine.
    """

    candidates: list[Candidate]
    scores: list[float]
    choice: Choice
    search_s: float
    tune_s: float
    energy: Energy | None
    contended: bool


def search(
    trained: TrainedRun, splits: Splits, config: PruneConfig, count_flops: CountFlops, tell: Tell
) -> SearchResult:
    """Searches for candidates, and fine-tunes and chooses among them.

    Args:
        trained: The run of the unit.
        splits: Data to train on and to decide by.
        config: Settings of pruning.
        count_flops: Counts the operations of a network.
        tell: Function that prints a line of progress.

    Returns:
        The candidates, the choice, and what both took.
    """
    model = trained.model
    assert isinstance(model, Network)
    score = trained.config.score
    reference = score_on(model, splits.val, score)
    tell(f"the unit: {score.text(reference)} on the {len(splits.val)} examples that decide")
    meter = build_meter(trained.config.energy, splits.val.device)
    candidates: list[Candidate] = []
    scores: list[float] = []
    with ContentionMonitor() as contention, meter:
        started = time.perf_counter()
        seed_all(trained.config.seed)  # for dropout, and whatever layers of the user's draw
        tuner = _fine_tuner(trained, splits, config, tell)
        work = copy.deepcopy(model)  # the stepwise method trains what it prunes
        for candidate in _candidates(work, splits, config, tuner):
            candidates.append(candidate)
            scores.append(score_on(candidate.model, splits.val, score))
            tell(f"{candidate.name}: {score.text(scores[-1])}")
        searched = time.perf_counter()
        whole = Candidate("no gate fixed", {}, work if not candidates else copy.deepcopy(model))
        if candidates and config.epochs:
            tell(f"fine-tuning the smallest candidates for at most {count(config.epochs, 'epoch')}")
        offered = candidates or [whole], scores or [reference]
        choice = choose(*offered, reference, splits.val, count_flops, config, tuner)
        tuned = time.perf_counter()
    for name, value in choice.tuned.items():
        tell(f"{name}, fine-tuned: {score.text(value)}")
    seconds = searched - started, tuned - searched
    return SearchResult(candidates, scores, choice, *seconds, meter.energy, contention.contended)


def _fine_tuner(trained: TrainedRun, splits: Splits, config: PruneConfig, tell: Tell) -> FineTuner:
    assert isinstance(trained.model, Network)
    steps_done = (trained.result.best_epoch or 0) * trained.config.training.steps_per_epoch(len(trained.splits.train))

    def tell_epoch(name: str, fit: Fit) -> None:
        row, best = fit.history[-1], fit.history[(fit.best_epoch or 1) - 1]
        now, at_best = (each[f"val_{trained.config.score.metric}"] for each in (row, best))
        tell(f"{name}, epoch {row['epoch']}: {now:.2%}, best {trained.config.score.text(at_best)}")

    return FineTuner(trained.resolved, splits, steps_done, config, trained.model, tell_epoch)


def _candidates(model: Network, splits: Splits, config: PruneConfig, tuner: FineTuner) -> Iterator[Candidate]:
    if config.method == "threshold":
        return fix_by_threshold(model, splits.val, config)
    return fix_stepwise(model, splits.train, config, tuner.some_batches)
