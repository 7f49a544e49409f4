"""What the report says of searches, beside their tables."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mgu.console.text import count, describe_s
from mgu.report.ranking.rank import Table
from mgu.report.searches.contender import Contender
from mgu.report.searches.equal_cost import LEAST_STUDIES, AgainstRandom, EqualCost
from mgu.report.searches.fronts import fronts_of
from mgu.report.utilization import OTHER_WORK
from mgu.results.schema.energy import SHORT_S
from mgu.search.clock import PROCESSOR, WALL
from mgu.search.costs import counted_parts


def describe_searches(found: EqualCost) -> list[str]:
    """Describes how searches are compared, what they found, and what must be known to read the table.

    Args:
        found: The comparison of the searches.

    Returns:
        Paragraphs, each without its end of line.
    """
    lines = []
    if found.unit:
        lines.append(
            f"One multiple is what training the unit costs: {found.unit.cost:.3g} s of set-up, time to solution and "
            "checkpoints, the mean over its seeds. A search pays the same for each trial, and its strategy's own "
            "seconds; a trial counts once it has ended, and one that had been trained before is charged what it cost "
            "then."
        )
    else:
        lines.append(
            "There is no finished unit in this experiment that was trained from new weights: multiples are of the "
            "tenth of the longest search. Train it with mgu=reference to compare."
        )
    lines += [line for place in range(len(found.contenders)) if (line := _describe(found, place))]
    if without := [own for own in found.contenders if found.random_of(own) is None]:
        lines.append(_advise_random(without))
    few = [own.name for own in found.contenders if len(own.curves) < LEAST_STUDIES]
    if few:
        lines.append(
            f"Fewer than {LEAST_STUDIES} studies are too few to judge {', '.join(few)}. Pass search.seed=0,1,2,3,4."
        )
    if any(own.origin == "replayed" for own in found.contenders):
        lines.append(
            "Replayed studies differ in what they draw, not in what was trained: their p-values are about these "
            "recorded runs, and not about other seeds of training."
        )
    contended = sum(curve.contended for own in found.contenders for curve in own.curves)
    if contended:
        has_processor = any(own.clock == PROCESSOR for own in found.by_clocks)
        lines.append(
            f"{contended} trials shared the machine with other work, which makes their seconds too long: comparisons "
            "by time need a quiet machine and one worker."
            + f" Processor time leaves out what they waited; {OTHER_WORK}."
            * has_processor
        )
    lines += [_describe_by(own) for own in found.by_clocks if own.clock != WALL]
    if fronts_of(found):
        lines.append(
            "What searches by two objectives cover is the area of pairs of both that some trial beats, as a share of "
            "that between the worst and the best of all trials, the second on a logarithmic scale (hypervolume); means "
            "over studies."
        )
    lines += [*_no_processor_time(found), *_no_energy(found)]
    return [*lines, *describe_left_out(found.table, found.on_other_rows, found.skipped)]


def _describe_by(found: EqualCost) -> str:
    """Says what changes where cost is counted by another clock."""
    parts = []
    for own, against in zip(found.contenders, found.against_random, strict=True):
        about = []
        if against:
            p = "not tested" if against.p is None else f"p = {against.p:.2g}"
            about.append(f"{_is_from_random(found, against)} ({p})")
        if found.unit and (expected := own.expected(found.signed(found.unit.val))):
            about.append(f"reaches the unit's validation score after {found.clock.write(expected)}")
        parts += [f"{own.name} {' and '.join(about)}"] * bool(about)
    of_strategy = "the strategies' own included" if found.clock == PROCESSOR else "without the strategies' own"
    whole = f"By {found.clock.title}, {of_strategy}, one multiple is {found.clock.write(found.multiple)}"
    return f"{'; '.join([whole, *parts])}."


def _no_processor_time(found: EqualCost) -> list[str]:
    """Says why there is no comparison by processor time where studies tell theirs."""
    has_some = any(PROCESSOR.name in curve.costs for own in found.contenders for curve in own.curves)
    if not has_some or any(own.clock == PROCESSOR for own in found.by_clocks):
        return []
    why = "not every trial and unit tells it"
    if count_of := found.without_processor_time:
        why = f"it is not what {count(count_of, 'run')} cost, on a GPU or in a process with others"
    return [f"They are not compared by processor time, for {why}."]


def _no_energy(found: EqualCost) -> list[str]:
    """Says why there is no comparison by energy where runs have some."""
    if any(own.clock not in (WALL, PROCESSOR) for own in found.by_clocks):
        return []
    if not any(counted_parts(result) for row in found.table.rows for result in row.results):
        return []
    return [
        f"They are not compared by energy: for that an instrument must measure each run, for {SHORT_S:.0f} s or more. "
        "Energy that is estimated follows processor time."
    ]


def _is_from_random(found: EqualCost, against: AgainstRandom) -> str:
    size = _difference(found, found.signed(fmean(against.differences)))
    cost = f"{against.multiple} times the unit's cost" if found.unit else f"{against.multiple}x"
    return f"is {size} from random search at {cost}"


def describe_left_out(table: Table, on_other_rows: int, skipped: Sequence[str]) -> list[str]:
    """Says which studies of an experiment are not compared, and why.

    Args:
        table: The ranked table of the experiment.
        on_other_rows: Number of those to which a function of the user's had returned other rows.
        skipped: A line for each that could not be read.

    Returns:
        The sentences.
    """
    lines = [f"A study could not be read: {line}" for line in skipped]
    if on_other_rows:
        lines.append(
            f"{table.data_set} had returned other rows to {count(on_other_rows, 'study')} of the experiment than to "
            "these runs, with which they cannot be compared: they are left out. Search again to have them on these "
            "rows."
        )
    return lines


def _advise_random(without: Sequence[Contender]) -> str:
    """Says how to get a random search beside those that have none; it takes no options, and none by cost is one."""
    spaces = ", ".join(sorted({own.space for own in without}))
    given = [key for key in ("options", "per_cost") if any(own.curves[0].settings.get(key) for own in without)]
    words = [f"search.{key}" for key in given]
    if any(own.was_told for own in without):
        words.append("warm_start.folder")
    but = f" and without {' and '.join(words)}" if words else ""
    return f"There is no random search on {spaces} to compare with. Run the same command with search=random{but}."


def _describe(found: EqualCost, place: int) -> str:
    """Says how one strategy compares with random search, and how much its winners look better than they are."""
    own, against = found.contenders[place], found.against_random[place]
    parts = []
    if against:
        test = (
            "not tested" if against.p is None else f"p = {against.p:.2g} over study seeds, corrected for all strategies"
        )
        parts.append(f"{_is_from_random(found, against)} in {against.split} score ({test})")
    if own.optimism is not None:
        more = "more" if own.optimism >= 0 else "less"
        parts.append(
            f"picked its winners from {own.trials:.3g} trials, by which they lose "
            f"{_difference(found, abs(own.optimism)).lstrip('+')} {more} from validation to test than the mean trial "
            "(selection bias)"
        )
    if found.unit and (seconds := own.expected(found.signed(found.unit.val))):
        parts.append(f"reaches the unit's validation score after {describe_s(seconds)} in expectation")
    return f"{own.name} {', '.join(parts)}." if parts else ""


def _difference(found: EqualCost, value: float) -> str:
    return f"{100 * value:+.2f} points" if found.score.metric == "accuracy" else f"{value:+.3g}"
