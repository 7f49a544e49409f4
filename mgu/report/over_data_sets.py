"""One kind of unit against one kind of rival over several data sets: what no table of a single one can say.

Each data set keeps its own test (stats/compare.py), corrected for all comparisons with that kind of rival (Holm 1979).
Whether a unit is better on data sets in general is Wilcoxon's question (Wilcoxon 1945, https://doi.org/10.2307/3001968;
recommended for this by Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html): its sample is the data sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

from mgu.console.text import name_some
from mgu.report.analysis import Analysis
from mgu.report.ranking.seeds import TINY
from mgu.report.rivals import Rival, rivals
from mgu.report.stats.comparison_words import p_equals
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA
from mgu.report.stats.verdict import Verdict, VerdictOutcome, decide
from mgu.results.schema.result import Result

SOME = 4  # names of data sets in a sentence


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
    p_corrected: float | None = None

    @property
    def outcome(self) -> VerdictOutcome:
        """What the numbers support on this data set, after correction."""
        return decide(self.difference, self.p_corrected, self.p_margin)


class OverDataSets(NamedTuple):
    """Holds what is known of one kind of unit against one kind of rival.

    Attributes:
        each: By data set, in the order of the report.
        num_corrected: Number of comparisons that the p-values are corrected for.
    """

    each: tuple[OnDataSet, ...]
    num_corrected: int

    @property
    def mean(self) -> float:
        """The mean difference over data sets, accuracy in 0..1."""
        return fmean(own.difference for own in self.each)

    @property
    def p(self) -> float | None:
        """Two-sided p-value of Wilcoxon's signed-rank test over data sets; None with too few to decide anything."""
        differing = [own.difference for own in self.each if abs(own.difference) > TINY]
        if 2.0 ** (1 - len(differing)) >= ALPHA:
            return None
        from scipy.stats import wilcoxon  # takes about a second to import

        return float(wilcoxon(differing).pvalue)


class Summary(NamedTuple):
    """Holds all that is said of several data sets together.

    Attributes:
        joined: The comparisons; none where there are not several data sets.
        sentences: What they say, or why there are none.
    """

    joined: list[OverDataSets]
    sentences: list[str]


def on_data_set(analysis: Analysis) -> list[OnDataSet]:
    """Compares every kind of unit of a table with its rivals.

    Args:
        analysis: The experiment.

    Returns:
        The comparisons, with p-values that one table cannot correct.
    """
    return [
        _on(analysis.table.data_set, verdict, rival)
        for verdict in analysis.verdicts
        for rival in rivals(analysis, verdict)
    ]


def summarise(found: Iterable[OnDataSet]) -> Summary:
    """Joins comparisons by kind of unit and kind of rival.

    Args:
        found: What `on_data_set` returns of all tables.

    Returns:
        What follows for each pair with two data sets or more, of which none is there twice: two experiments on one data
        set are not independent.
    """
    by_rival: dict[str, list[OnDataSet]] = {}
    for own in found:
        by_rival.setdefault(own.against, []).append(own)
    joined, repeated = list[OverDataSets](), dict[str, None]()
    for of_rival in by_rival.values():
        p_values = correct_for_many([own.p for own in of_rival])
        by_kind: dict[str, list[OnDataSet]] = {}
        for own, p in zip(of_rival, p_values, strict=True):
            by_kind.setdefault(own.kind, []).append(own._replace(p_corrected=p))
        for each in by_kind.values():
            counts = Counter(own.source for own in each)
            if len(counts) < 2:
                continue
            repeated |= dict.fromkeys(source for source, number in counts.items() if number > 1)
            if len(each) == len(counts):
                joined.append(OverDataSets(tuple(each), len(of_rival)))
    sentences = [sentence for over in joined for sentence in describe_over_data_sets(over)]
    if repeated:
        sentences.append(
            f"No unit is compared over data sets where one is there more than once: {name_some(list(repeated), SOME)}. "
            "Name runs of one experiment for each data set."
        )
    return Summary(joined, sentences)


def summarise_all(analyses: Iterable[Analysis]) -> Summary:
    """Compares every kind of unit of all tables with its rivals, and joins the comparisons.

    Args:
        analyses: The experiments.

    Returns:
        What `summarise` returns.
    """
    return summarise(own for analysis in analyses for own in on_data_set(analysis))


def describe_over_data_sets(over: OverDataSets) -> list[str]:
    """Says on how many data sets a unit is better or worse, and whether it is over data sets in general.

    Args:
        over: One kind of unit against one kind of rival.

    Returns:
        The sentences.
    """
    first, count = over.each[0], len(over.each)
    by_outcome: dict[VerdictOutcome, list[str]] = {}
    for own in over.each:
        by_outcome.setdefault(own.outcome, []).append(own.data_set)
    words = {"as good": f"as good, within {100 * first.margin:g} points,"}
    parts = [f"{words.get(outcome, outcome)} on {name_some(names, SOME)}" for outcome, names in by_outcome.items()]
    test = "too few for a test over data sets (Wilcoxon's signed-rank test needs 6 that differ)"
    if over.p is not None:
        decided = "decided" if over.p < ALPHA else "not decided"
        test = f"{decided} by Wilcoxon's signed-rank test over data sets (p {p_equals(over.p)})"
    return [
        f"{first.kind} against {first.against}: {'; '.join(parts)}. Each data set is tested by itself, and p is "
        f"corrected for {over.num_corrected} comparisons.",
        f"The mean difference over {count} data sets is {100 * over.mean:+.2f} points: {test}.",
    ]


def _on(data_set: str, verdict: Verdict, rival: Rival) -> OnDataSet:
    comparison, difference = rival.comparison, rival.comparison.difference
    against = {"best of the grid": "the best of the grid", "random search": "random search at its cost"}
    norm = comparison.baseline.result.shown_norm
    return OnDataSet(
        data_set=data_set,
        source=_source(verdict.unit.result),
        kind=verdict.kind.name,
        against=against.get(rival.role, f"the default network ({norm or 'norms of its own'})"),
        unit=verdict.unit.name,
        rival=comparison.second.name,
        difference=difference.mean,
        low=difference.low,
        high=difference.high,
        p=comparison.p,
        p_margin=comparison.p_margin,
        margin=verdict.margin,
    )


def _source(result: Result) -> str:
    """Returns the function or file that rows come from, whatever was asked of it; else the name of the data set."""
    dataset = result.config.get("dataset", {})
    return str(dataset.get("target" if dataset.get("name") == "python" else "path") or result.dataset)
