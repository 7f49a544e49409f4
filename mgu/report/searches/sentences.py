"""What the report says of searches, beside their tables."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mgu.console.text import count, describe_s
from mgu.report.ranking.rank import Table
from mgu.report.searches.against_random import AgainstRandom
from mgu.report.searches.contender import Contender
from mgu.report.searches.equal_cost import EqualCost
from mgu.report.searches.fronts import fronts_of
from mgu.report.utilisation import OTHER_WORK
from mgu.results.schema.energy import SHORT_S
from mgu.search.clock import PROCESSOR, WALL
from mgu.search.costs import counted_parts
from mgu.text.agree import agree

LEAST_STUDIES = 5  # of a strategy, below which a sentence says that they are few
_COVERED = (
    "What searches by two objectives cover is the area of pairs of both that some trial beats, as a share of that "
    "between the worst and the best of all trials, the second on a logarithmic scale (hypervolume); means over studies."
)


def describe_searches(comparison: EqualCost) -> list[str]:
    """Describes how searches are compared, what they found, and what must be known to read the table.

    Args:
        comparison: The comparison of the searches.

    Returns:
        Paragraphs, each without its end of line.
    """
    found = [line for index in range(len(comparison.contenders)) if (line := _describe(comparison, index))]
    clocks = [_describe_by(by_clock) for by_clock in comparison.by_clocks if by_clock.clock != WALL]
    fronts = [_COVERED] if fronts_of(comparison) else []
    lacking = [*_no_processor_time(comparison), *_no_energy(comparison)]
    left_out = describe_left_out(comparison.table, comparison.on_other_rows, comparison.skipped)
    return [*_describe_multiple(comparison), *found, *_caveats(comparison), *clocks, *fronts, *lacking, *left_out]


def _describe_multiple(comparison: EqualCost) -> list[str]:
    """Says what one multiple of the cost is, and what a search pays for."""
    unit = comparison.unit
    if unit is None:
        return [
            "There is no finished unit in this experiment that was trained from new weights and by no search: "
            "multiples are of the tenth of the longest search. Train it with mgu=reference to compare."
        ]
    lines = [
        f"One multiple is what training the unit costs: {unit.cost:.3g} s of set-up, time to solution and "
        "checkpoints, the mean over its seeds. A search pays the same for each trial, and its strategy's own "
        "seconds; a trial counts once it has ended, and one that had been trained before is charged what it cost "
        "then."
    ]
    if comparison.score.metric == "accuracy" and comparison.closed_form(unit.cost):
        lines.append(
            "Random order, in expectation, pays for the set-up of each trial here and is a guess until the first "
            "has ended; a verdict leaves set-up out of both costs, so it has another number for random order at "
            "the unit's cost."
        )
    return lines


def _caveats(comparison: EqualCost) -> list[str]:
    """Says what the comparison lacks, and what its numbers are not about."""
    lines = []
    if without := [contender for contender in comparison.contenders if comparison.random_of(contender) is None]:
        lines.append(_advise_random(without))
    if few := [contender.name for contender in comparison.contenders if len(contender.curves) < LEAST_STUDIES]:
        lines.append(
            f"Fewer than {LEAST_STUDIES} studies are too few to judge {'; '.join(few)}. Pass search.seed=0,1,2,3,4."
        )
    if any(contender.origin == "replayed" for contender in comparison.contenders):
        lines.append(
            "Replayed studies differ in what they draw, not in what was trained: their p-values are about these "
            "recorded runs, and not about other seeds of training."
        )
    if contended := sum(curve.contended for curve in comparison.curves):
        line = (
            f"{count(contended, 'trial')} shared the machine with other work, which makes "
            f"{agree(contended, 'its', 'their')} seconds too long: comparisons by time need a quiet machine and one "
            "worker."
        )
        if any(by_clock.clock == PROCESSOR for by_clock in comparison.by_clocks):
            line += f" Processor time leaves out what {agree(contended, 'it', 'they')} waited; {OTHER_WORK}."
        lines.append(line)
    return lines


def _describe_by(comparison: EqualCost) -> str:
    """Says what changes where cost is counted by another clock."""
    parts = []
    for contender, against in zip(comparison.contenders, comparison.against_random, strict=True):
        about = []
        if against:
            p = "not tested" if against.p is None else f"p = {against.p:.2g}"
            about.append(f"{_is_from_random(comparison, against)} ({p})")
        if comparison.unit and (expected := contender.expected(comparison.signed(comparison.unit.val))):
            about.append(f"reaches the unit's validation score after {comparison.clock.write(expected)}")
        if about:
            parts.append(f"{contender.name} {' and '.join(about)}")
    own = "and the strategies' own" if comparison.clock == PROCESSOR else "but without the strategies' own"
    multiple = f"one multiple is {comparison.clock.write(comparison.multiple)}"
    return f"{'; '.join([f'By {comparison.clock.title}, with set-up {own}, {multiple}', *parts])}."


def _no_processor_time(comparison: EqualCost) -> list[str]:
    """Says why there is no comparison by processor time where studies tell theirs."""
    has_some = any(PROCESSOR.name in curve.costs for curve in comparison.curves)
    if not has_some or any(by_clock.clock == PROCESSOR for by_clock in comparison.by_clocks):
        return []
    why = "not every trial and unit tells it"
    if count_of := comparison.without_processor_time:
        why = f"it is not what {count(count_of, 'run')} cost, on a GPU or in a process with others"
    return [f"They are not compared by processor time, for {why}."]


def _no_energy(comparison: EqualCost) -> list[str]:
    """Says why there is no comparison by energy where runs have some."""
    if any(by_clock.clock not in (WALL, PROCESSOR) for by_clock in comparison.by_clocks):
        return []
    if not any(counted_parts(result) for row in comparison.table.rows for result in row.results):
        return []
    return [
        f"They are not compared by energy: for that an instrument must measure each run, for {SHORT_S:.0f} s or more. "
        "Energy that is estimated follows processor time."
    ]


def _is_from_random(comparison: EqualCost, against: AgainstRandom) -> str:
    size = _difference(comparison, comparison.signed(fmean(against.differences)))
    cost = f"{against.multiple} times the unit's cost" if comparison.unit else f"{against.multiple}x"
    return f"is {size} from random search at {cost}"


def describe_left_out(table: Table, on_other_rows: int, skipped: Sequence[str]) -> list[str]:
    """Says which studies of an experiment are not compared, and why.

    Args:
        table: The ranked table of the experiment.
        on_other_rows: Number of those to which a function of the user's had returned other rows.
        skipped: A sentence for each that could not be read, or lacks files.

    Returns:
        The sentences.
    """
    lines = [*skipped]
    if on_other_rows:
        lines.append(
            f"{table.dataset_name} had returned other rows to {count(on_other_rows, 'study')} of the experiment than "
            f"to these runs, with which {agree(on_other_rows, 'it', 'they')} cannot be compared: left out. Search "
            f"again to have {agree(on_other_rows, 'it', 'them')} on these rows."
        )
    return lines


def describe_other_scores(table: Table, by_other_scores: int) -> list[str]:
    """Says how many studies of an experiment went by another score than its table, if any.

    Args:
        table: The ranked table of the experiment.
        by_other_scores: Their number.

    Returns:
        One sentence, or none.
    """
    if not by_other_scores:
        return []
    return [
        f"{count(by_other_scores, 'study')} of the experiment went by another score than {table.score.metric}, by "
        "which these models are ranked (training.score): left out."
    ]


def _advise_random(without: Sequence[Contender]) -> str:
    """Says how to get a random search beside those that have none; it takes no options, and none by cost is one."""
    spaces = " or on ".join(sorted({_searched(contender) for contender in without}))
    settings = [contender.curves[0].settings for contender in without]
    given = [key for key in ("options", "per_cost") if any(values.get(key) for values in settings)]
    words = [f"search.{key}" for key in given]
    if any(contender.was_told for contender in without):
        words.append("warm_start.folder")
    but = f" and without {' and '.join(words)}" if words else ""
    return f"There is no random search on {spaces} to compare with. Run the same command with search=random{but}."


def _searched(contender: Contender) -> str:
    """Names what a strategy searches, and what it shares with the random search beside it."""
    return f"{contender.space} ({contender.problem})" if contender.problem else contender.space


def _describe(comparison: EqualCost, index: int) -> str:
    """Says how one strategy compares with random search, and how much its winners look better than they are."""
    contender, against = comparison.contenders[index], comparison.against_random[index]
    parts = []
    if against:
        test = (
            "not tested" if against.p is None else f"p = {against.p:.2g} over study seeds, corrected for all strategies"
        )
        parts.append(f"{_is_from_random(comparison, against)} in {against.split} score ({test})")
    if contender.optimism is not None:
        loss = _difference(comparison, abs(contender.optimism)).lstrip("+")
        more = "more" if contender.optimism >= 0 else "less"
        parts.append(
            f"picked its winners from {contender.trials:.3g} {agree(contender.trials, 'trial', 'trials')}, by which "
            f"they lose {loss} {more} from validation to test than the mean trial (selection bias)"
        )
    if comparison.unit and (seconds := contender.expected(comparison.signed(comparison.unit.val))):
        parts.append(f"reaches the unit's validation score after {describe_s(seconds)} in expectation")
    return f"{contender.name} {', '.join(parts)}." if parts else ""


def _difference(comparison: EqualCost, value: float) -> str:
    return f"{100 * value:+.2f} points" if comparison.score.is_percent else f"{value:+.3g}"
