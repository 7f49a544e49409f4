"""Everything that a report says of one table, computed once for every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mgu.report.caveats import caveats
from mgu.report.contrasts.answer import Answer, answer
from mgu.report.contrasts.question import NO_QUESTION, Question
from mgu.report.contrasts.sentences import describe_answer, heading
from mgu.report.cost_sentences import describe_costs
from mgu.report.costs import Charge, charges, cost_ratios
from mgu.report.ranking.grid import grid_rows
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.ranking.rank import Table
from mgu.report.searches.equal_cost import EqualCost, by_score_of, compare_searches, on_rows_of, runs_by_results
from mgu.report.searches.load import load_curves
from mgu.report.searches.measured import MeasuredSearches
from mgu.report.searches.sentences import describe_left_out, describe_other_scores, describe_searches
from mgu.report.stats.best_so_far import BestSoFar, best_so_far, obstacle
from mgu.report.stats.correct import Correct, correct_of
from mgu.report.stats.optimism import Optimism, describe_optimism, optimism
from mgu.report.stats.replication import Pair, describe_replication, pair_with_paper
from mgu.report.stats.scores import compare_scores
from mgu.report.stats.sentences import (
    default_sentence,
    describe_verdict,
    explain_no_verdict,
    search_sentence,
    verdict_sentence,
)
from mgu.report.stats.verdict import MARGIN, Verdict, judge
from mgu.search.curve import Curve


@dataclass(frozen=True)
class Analysis:
    """Computes what follows from a table, each part when it is first asked for.

    Attributes:
        table: A ranked table.
        margin: Accuracy in 0..1 that a unit may lose and still be as good, and by which rows may differ and be alike.
        question: What else is asked.
        default: Name of the network that one would train without a search; None for the usual one.
        measured: Searches of the experiment that measured points which are no networks.
        by_class: Whether the models that are compared are also told class by class.
    """

    table: Table
    margin: float = MARGIN
    question: Question = NO_QUESTION
    default: str | None = None
    measured: Sequence[MeasuredSearches] = ()
    by_class: bool = False

    @cached_property
    def correct(self) -> list[Correct]:
        """For each row, which test images its runs classified correctly."""
        return correct_of(self.table.rows)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """Every kind of unit against its rivals, best first; none where they cannot be compared by accuracy."""
        if self.table.is_joined:
            return []
        chosen = [self.default] if self.default else []
        return judge(
            self.table,
            self.correct,
            self.margin,
            chosen=chosen,
            curve=self.best_so_far,
            searched=self.searched,
        )

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the best kind of unit."""
        return self.verdicts[0] if self.verdicts else None

    @cached_property
    def answer(self) -> Answer | None:
        """The answer to the question; the best row against the others where nothing is asked and no verdict follows."""
        return answer(self.table, self.question, self.correct, self.margin)

    @property
    def asked(self) -> Answer | None:
        """The answer, where something was asked."""
        return None if self.question == NO_QUESTION else self.answer

    @cached_property
    def optimism(self) -> Optimism:
        """How much better the best of the grid looks for being selected."""
        return Optimism(None, None, None) if self.table.is_joined else optimism(self.table, self.correct)

    @cached_property
    def best_so_far(self) -> BestSoFar | None:
        """Expected best-so-far of the grid search by the time spent; None where times or accuracies are missing."""
        if self.table.is_joined or self.table.score.metric != "accuracy":
            return None
        return best_so_far(self.table, self.correct, self.chosen)

    @cached_property
    def charges_by_kind(self) -> list[list[Charge]]:
        """Cost of the grid search relative to each kind of unit, best first."""
        if self.table.is_joined:
            return []
        return [charges(self.table, kind.rows, kind.name) for kind in unit_kinds(self.table)]

    @property
    def charges(self) -> list[Charge]:
        """The same in one list."""
        return [charge for of_kind in self.charges_by_kind for charge in of_kind]

    @cached_property
    def replication(self) -> list[Pair]:
        """The rows that the paper's table has, too."""
        return pair_with_paper(self.table)

    @cached_property
    def searches(self) -> EqualCost | None:
        """The studies of the experiment at equal cost; None where there are none."""
        if self.table.is_joined or self.table.has_other_rows:
            return None
        curves, skipped = self._curves
        others = [curve for curve in self._all_curves[0] if curve not in curves]
        return compare_searches(self.table, curves, skipped, others)

    @cached_property
    def searched(self) -> frozenset[str]:
        """Names of the folders of the runs that a search trained."""
        return frozenset[str]().union(*(curve.runs for curve in self._on_rows))

    @property
    def searches_left_out(self) -> list[str]:
        """Which studies of the experiment are not compared, and why."""
        if self.table.is_joined or self.table.has_other_rows:  # all of them: a caveat says so
            return []
        curves, skipped = self._curves
        lines = describe_left_out(self.table, len(curves) - len(self._comparable), skipped)
        return [*lines, *describe_other_scores(self.table, len(self._all_curves[0]) - len(curves))]

    @property
    def _search_lines(self) -> list[str]:
        """What is said of the studies of the experiment."""
        if not self.searches:
            return self.searches_left_out
        others = len(self._all_curves[0]) - len(self._curves[0])
        return [*describe_searches(self.searches), *describe_other_scores(self.table, others)]

    @cached_property
    def chosen(self) -> frozenset[str]:
        """Names of the folders of those that a search chose by what it had found."""
        return runs_by_results(self._on_rows)

    @cached_property
    def _on_rows(self) -> list[Curve]:
        """The studies on the rows of the table, whatever score they went by."""
        return on_rows_of(self.table, self._all_curves[0])

    @cached_property
    def _comparable(self) -> list[Curve]:
        """The studies on the rows of the table."""
        return on_rows_of(self.table, self._curves[0])

    @cached_property
    def _all_curves(self) -> tuple[list[Curve], list[str]]:
        """The studies of the experiment, and a sentence for each that cannot be read, or lacks files."""
        searches = dict.fromkeys(where for row in self.table.rows for run in row.runs for where in run.searches)
        return load_curves(searches, self.table.dataset_name, self.table.split)

    @cached_property
    def _curves(self) -> tuple[list[Curve], list[str]]:
        """The studies that went by the score of the table, and a sentence for each of all that lacks files."""
        curves, skipped = self._all_curves
        return by_score_of(self.table, curves), skipped

    @cached_property
    def sections(self) -> dict[str, list[str]]:
        """Sentences by heading, each number with its unit and method; no heading is empty."""
        asked = {heading(self.answer): describe_answer(self.answer)} if self.answer else {}
        if self.table.is_joined:  # a grid search on several data sets is none
            return asked | {"Caveats": caveats(self.table)}
        bias = []
        if (units := self.table.unit_models) and self.table.score.metric == "accuracy":
            judges = "validation" if units[0].result.has_own_rows else "test"  # a function has no official test data
            examples = units[0].examples if self.optimism.on_test is None else units[0].scored
            bias = describe_optimism(self.optimism, examples, judges)
        sections = asked | {
            "Verdict": [*(self._verdict_lines or compare_scores(self.table, self.default, self.searched)), *bias],
            "Comparisons": [line for verdict in self.verdicts for line in describe_verdict(verdict)],
            "Cost": [*describe_costs(self.table, self.charges_by_kind), *self._beyond_grid, *self._missing_curve],
            "Searches": self._search_lines,
            "Paper": describe_replication(self.replication),
            "Caveats": caveats(self.table, self.by_class),
        }
        return {heading: lines for heading, lines in sections.items() if lines}

    @property
    def lines(self) -> list[str]:
        """All sentences, without headings."""
        return [sentence for sentences in self.sections.values() for sentence in sentences]

    @property
    def _verdict_lines(self) -> list[str]:
        """For each kind of unit the sentences on its rivals."""
        lines = []
        for verdict in self.verdicts:
            lines.append(verdict_sentence(verdict))
            if verdict.defaults:
                lines.append(default_sentence(verdict, cost_ratios(verdict.kind.rows, [verdict.defaults[0].baseline])))
            if verdict.search and self.best_so_far:
                lines.append(search_sentence(verdict, self.best_so_far))
        return lines or explain_no_verdict(self.table)

    @property
    def _beyond_grid(self) -> list[str]:
        """Says of how many baselines searches trained that no grid has, and where they count."""
        count, others = len(self.table.baselines), len(self.table.baselines) - len(grid_rows(self.table, self.chosen))
        if not others or others == count:
            return []
        trained, theirs, rest = ("were", "theirs", "them") if others > 1 else ("was", "its own", "it")
        one = "be one of them" if others > 1 else "be this one"
        return [
            f"Of {count} baselines {others} {trained} trained by searches alone, with settings that the grid does not "
            f"have: the best baseline may {one}, and the costs of the grid search include {theirs}; what the grid "
            f"search is expected to find leaves {rest} out."
        ]

    @property
    def _missing_curve(self) -> list[str]:
        """Why nothing is said of what the cost of a unit would have bought."""
        is_wanted = self.table.unit_models and self.table.baselines and self.table.score.metric == "accuracy"
        if self.best_so_far or not is_wanted:
            return []
        reason = obstacle(self.table, self.chosen)
        return [f"The expected best accuracy after a given time of grid search is not known: {reason}."]
