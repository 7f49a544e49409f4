"""One kind of unit against one kind of rival over several data sets: what no table of a single one can say.

Each data set keeps its own tests (stats/compare.py), corrected for all comparisons with that kind of rival (Holm 1979).
Whether a unit is better on data sets in general is Wilcoxon's question (Wilcoxon 1945, https://doi.org/10.2307/3001968;
recommended for this by Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html): its sample is the data sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any, NamedTuple

from mgu.console.text import name_some
from mgu.report.analysis import Analysis
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.rivals import Rival, rivals
from mgu.report.stats.comparison_words import p_equals, points_of
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA
from mgu.report.stats.signed_ranks import DIGITS, SignedRanks, signed_ranks
from mgu.report.stats.verdict import Verdict, VerdictOutcome, decide
from mgu.results.compare.axes import flatten
from mgu.results.schema.result import Result
from mgu.text.agree import agree

SOME = 4  # names in a sentence


class OnDataSet(NamedTuple):
    """Holds a kind of unit minus a rival on one data set; without runs, so that a fork can return it.

    Attributes:
        data_set: Name of the data set.
        source: What its rows come from: two tables of one source may be on the same rows.
        kind: The kind of unit.
        against: What the rival stands for, in words.
        unit: Name of the best model of the kind.
        rival: Name of the rival.
        difference: Unit minus rival, accuracy in 0..1.
        low: Lower end of its 95 % interval; None for a single seed.
        high: Upper end.
        p: Two-sided p-value, not corrected; None where no test is possible.
        p_margin: One-sided p-value of a loss of the margin or more.
        margin: Accuracy in 0..1 that the unit may lose.
        settings: The unit's configuration by dotted key.
        p_corrected: `p`, corrected for all comparisons with this kind of rival.
    """

    data_set: str
    source: str
    kind: str
    against: str
    unit: str
    rival: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_margin: float | None
    margin: float
    settings: dict[str, Any]
    p_corrected: float | None = None

    @property
    def outcome(self) -> VerdictOutcome:
        """What the numbers support on this data set, after correction."""
        return decide(self.difference, self.p_corrected, self.p_margin)


class Found(NamedTuple):
    """Holds what one table says for all of them.

    Attributes:
        compared: Its comparisons.
        lost: Name of the data set and kind of each unit that has no score there, for all its runs diverged or failed.
    """

    compared: list[OnDataSet]
    lost: list[tuple[str, str]]


class OverDataSets(NamedTuple):
    """Holds what is known of one kind of unit against one kind of rival.

    Attributes:
        each: By data set, in the order of the report.
        num_corrected: Number of comparisons that the p-values of data sets are corrected for.
        ranks: Wilcoxon's test over data sets; None with too few to decide anything.
        p_corrected: Its p-value, corrected for the kinds of unit.
        num_kinds: Number of those.
    """

    each: tuple[OnDataSet, ...]
    num_corrected: int
    ranks: SignedRanks | None
    p_corrected: float | None = None
    num_kinds: int = 1

    @property
    def differences(self) -> list[float]:
        """Unit minus rival by data set, accuracy in 0..1."""
        return [own.difference for own in self.each]


class Summary(NamedTuple):
    """Holds all that is said of several data sets together.

    Attributes:
        joined: The comparisons; none where there are not several data sets.
        sentences: What they say, or why there are none.
    """

    joined: list[OverDataSets]
    sentences: list[str]


def on_data_set(analysis: Analysis) -> Found:
    """Compares every kind of unit of a table with its rivals.

    Args:
        analysis: The experiment.

    Returns:
        The comparisons, with p-values that one table cannot correct.
    """
    table, verdicts = analysis.table, analysis.verdicts
    compared = [_on(table.dataset_name, verdict, rival) for verdict in verdicts for rival in rivals(analysis, verdict)]
    lost = []
    if (
        not table.is_joined
        and table.score.metric == "accuracy"
        and any(row.accuracies(row.tested) for row in table.baselines)
    ):
        judged = {verdict.kind.name for verdict in verdicts}
        lost = [(table.dataset_name, kind.name) for kind in unit_kinds(table) if kind.name not in judged]
    return Found(compared, lost)


def summarise(found: Iterable[Found]) -> Summary:
    """Joins comparisons by kind of unit and kind of rival.

    Args:
        found: What `on_data_set` returns of all tables.

    Returns:
        What follows for each pair with two data sets or more, of which none is there twice: two experiments on one data
        set are not independent.
    """
    tables = list(found)
    by_rival: dict[str, list[OnDataSet]] = {}
    for own in (own for table in tables for own in table.compared):
        by_rival.setdefault(own.against, []).append(own)
    joined, repeated = list[OverDataSets](), dict[str, None]()
    for of_rival in by_rival.values():
        by_kind: dict[str, list[OnDataSet]] = {}
        for own in _corrected(of_rival):
            by_kind.setdefault(own.kind, []).append(own)
        kinds = []
        for each in by_kind.values():
            repeated |= dict.fromkeys(_repeated(each))
            if len(each) == len({own.source for own in each}) > 1:
                kinds.append(OverDataSets(tuple(each), len(of_rival), signed_ranks([own.difference for own in each])))
        corrected = correct_for_many([over.ranks.p if over.ranks else None for over in kinds])
        joined += [over._replace(p_corrected=p, num_kinds=len(kinds)) for over, p in zip(kinds, corrected, strict=True)]
    sentences = [sentence for over in joined for sentence in describe_over_data_sets(over)]
    return Summary(joined, [*sentences, *_missing(tables, repeated)])


def summarise_all(analyses: Iterable[Analysis]) -> Summary:
    """Compares every kind of unit of all tables with its rivals, and joins the comparisons.

    Args:
        analyses: The experiments.

    Returns:
        What `summarise` returns.
    """
    return summarise(map(on_data_set, analyses))


def describe_over_data_sets(over: OverDataSets) -> list[str]:
    """Says on how many data sets a unit is better or worse, and whether it is over data sets in general.

    Args:
        over: One kind of unit against one kind of rival.

    Returns:
        The sentences.
    """
    first = over.each[0]
    by_outcome: dict[VerdictOutcome, list[str]] = {}
    for own in over.each:
        by_outcome.setdefault(own.outcome, []).append(own.data_set)
    words = {"as good": f"as good, within {100 * first.margin:g} points,"}
    parts = [f"{words.get(outcome, outcome)} on {name_some(names, SOME)}" for outcome, names in by_outcome.items()]
    lines = [
        f"{first.kind} against {first.against}: {'; '.join(parts)}. Each data set is tested by itself, and p is "
        f"corrected for {over.num_corrected} comparisons.",
        _describe_ranks(over),
    ]
    if keys := _unlike(over.each):
        lines.append(f"{first.kind} is not one unit on all of these data sets: it differs in {name_some(keys, SOME)}.")
    return lines


def _describe_ranks(over: OverDataSets) -> str:
    """Says what Wilcoxon's test decides, and which way."""
    count, differences = len(over.each), over.differences
    middle, mean = points_of(median(differences)), points_of(fmean(differences))
    begin = f"Over {count} data sets the median difference is {middle:+.2f} points, the mean {mean:+.2f}"
    if over.ranks is None or over.p_corrected is None:
        return f"{begin}: too few for a test over data sets (Wilcoxon's signed-rank test needs 6 that differ)."
    outcome = "not decided"
    if over.p_corrected < ALPHA:
        outcome = "better" if over.ranks.is_above else "worse"
    kinds = f", corrected for {over.num_kinds} kinds of unit" if over.num_kinds > 1 else ""
    of = f"{over.ranks.num} of them, which differ" if over.ranks.num < count else "them"
    return f"{begin}: {outcome} by Wilcoxon's signed-rank test over {of} (p {p_equals(over.p_corrected)}{kinds})."


def _corrected(of_rival: Sequence[OnDataSet]) -> list[OnDataSet]:
    """Corrects the p-values against one kind of rival, those of a loss of the margin among themselves."""
    p_values = correct_for_many([own.p for own in of_rival])
    p_margins = correct_for_many([own.p_margin for own in of_rival])
    return [
        own._replace(p_corrected=p, p_margin=p_margin)
        for own, p, p_margin in zip(of_rival, p_values, p_margins, strict=True)
    ]


def _repeated(each: Sequence[OnDataSet]) -> list[str]:
    """Returns the names of data sets whose rows may be in several tables; [] where all tables have one name."""
    counts = Counter(own.source for own in each)
    if len({own.data_set for own in each}) < 2:
        return []
    return [own.data_set for own in each if counts[own.source] > 1]


def _missing(tables: Sequence[Found], repeated: Iterable[str]) -> list[str]:
    """Says what is in no comparison over data sets: a data set that is there twice, and units without a score."""
    lines = []
    if names := list(repeated):
        lines.append(
            "No unit is compared over data sets where rows may be there more than once, as those of one file or one "
            f"function: {name_some(names, SOME)}. Name runs of one experiment for each data set."
        )
    by_kind: dict[str, list[str]] = {}
    for data_set, kind in (lost for table in tables for lost in table.lost):
        by_kind.setdefault(kind, []).append(data_set)
    if len(tables) > 1:
        lines += [
            f"{kind} has no score on {name_some(names, SOME)}, where all its runs diverged or failed: "
            f"{agree(len(names), 'this data set is', 'these data sets are')} in none of these numbers."
            for kind, names in by_kind.items()
        ]
    return lines


def _unlike(each: Sequence[OnDataSet]) -> list[str]:
    """Returns the keys in which the units of one kind differ between data sets."""
    keys = dict.fromkeys(key for own in each for key in own.settings)
    return [f"mgu.{key}" for key in keys if len({repr(own.settings.get(key)) for own in each}) > 1]


def _on(data_set: str, verdict: Verdict, rival: Rival) -> OnDataSet:
    comparison, difference = rival.comparison, rival.comparison.difference
    against = {"best of the grid": "the best of the grid", "random search": "random search at its cost"}
    norm = comparison.baseline.result.shown_norm
    unit = verdict.unit.result
    return OnDataSet(
        data_set=data_set,
        source=_source(unit),
        kind=verdict.kind.name,
        against=against.get(rival.role, f"the default network ({norm or 'norms of its own'})"),
        unit=verdict.unit.name,
        rival=comparison.second.name,
        difference=round(difference.mean, DIGITS),
        low=difference.low,
        high=difference.high,
        p=comparison.p,
        p_margin=comparison.p_margin,
        margin=verdict.margin,
        settings=flatten(unit.config.get("mgu") or {}),
    )


def _source(result: Result) -> str:
    """Returns the function that rows come from, whatever was asked of it, the checksum of their files, or a name."""
    dataset = result.config.get("dataset", {})
    return str(dataset.get("target" if dataset.get("name") == "python" else "sha256") or result.dataset)
