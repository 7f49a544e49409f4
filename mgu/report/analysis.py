"""Everything that a report says of one table, computed once for every format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mgu.report.caveats import caveats
from mgu.report.contrasts import NO_QUESTION, Answer, Question, answer
from mgu.report.contrasts.words import describe_answer, heading
from mgu.report.cost_words import describe_costs
from mgu.report.costs import Charge, charges
from mgu.report.ranking.rank import Table
from mgu.report.searches.equal_cost import EqualCost, compare_searches
from mgu.report.searches.load import load_curves
from mgu.report.searches.words import describe_searches
from mgu.report.stats.budget import BestSoFar, best_so_far, obstacle
from mgu.report.stats.correct import Correct, correct_of
from mgu.report.stats.optimism import Optimism, describe_optimism, optimism
from mgu.report.stats.replication import Pair, describe_replication, pair_with_paper
from mgu.report.stats.scores import compare_scores
from mgu.report.stats.verdict import MARGIN, Verdict, judge
from mgu.report.stats.words import describe_verdict, explain_no_verdict


@dataclass(frozen=True)
class Analysis:
    """Computes what follows from a table, each part when it is first asked for.

    Attributes:
        table: A ranked table.
        margin: Accuracy in 0..1 that a unit may lose and still be as good.
        question: What else is asked.
    """

    table: Table
    margin: float = MARGIN
    question: Question = NO_QUESTION

    @cached_property
    def correct(self) -> list[Correct]:
        """For each row, which test images its runs classified correctly."""
        return correct_of(self.table.rows)

    @cached_property
    def verdict(self) -> Verdict | None:
        """The best unit against every baseline; None where they cannot be compared by accuracy."""
        return None if self.table.is_joined else judge(self.table, self.correct, self.margin)

    @cached_property
    def answer(self) -> Answer | None:
        """The answer to the question; the best row against the others where nothing is asked and no verdict follows."""
        return answer(self.table, self.question, self.correct)

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
        return None if self.table.is_joined else best_so_far(self.table)

    @cached_property
    def charges(self) -> list[Charge]:
        """Cost of the grid search relative to the unit."""
        return [] if self.table.is_joined else charges(self.table)

    @cached_property
    def replication(self) -> list[Pair]:
        """The rows that the paper's table has, too."""
        return pair_with_paper(self.table)

    @cached_property
    def searches(self) -> EqualCost | None:
        """The studies of the experiment at equal cost; None where there are none."""
        if self.table.is_joined:
            return None
        folders = dict.fromkeys(run.folder.parent for row in self.table.rows for run in row.runs)
        loaded = [load_curves(folder, self.table.dataset, self.table.split) for folder in folders]
        curves = [curve for own, _ in loaded for curve in own]
        return compare_searches(self.table, curves, [line for _, lines in loaded for line in lines])

    @cached_property
    def sections(self) -> dict[str, list[str]]:
        """Sentences by heading, each number with its unit and method; no heading is empty."""
        asked = {heading(self.answer): describe_answer(self.answer)} if self.answer else {}
        if self.table.is_joined:  # a grid search on several data sets is none
            return asked | {"Caveats": caveats(self.table)}
        verdict = describe_verdict(self.verdict) if self.verdict else explain_no_verdict(self.table)
        bias = describe_optimism(self.optimism, self.table.unit_models[0].examples) if self.table.unit_models else []
        sections = asked | {
            "Verdict": [*(verdict or compare_scores(self.table)), *bias],
            "Cost": [*describe_costs(self.table), *self._describe_best_so_far()],
            "Searches": describe_searches(self.searches) if self.searches else [],
            "Paper": describe_replication(self.replication),
            "Caveats": caveats(self.table),
        }
        return {heading: lines for heading, lines in sections.items() if lines}

    @property
    def lines(self) -> list[str]:
        """All sentences, without headings."""
        return [sentence for sentences in self.sections.values() for sentence in sentences]

    def _describe_best_so_far(self) -> list[str]:
        if self.best_so_far:
            return [self.best_so_far.sentence]
        is_wanted = self.table.unit_models and self.table.baselines and self.table.score.metric == "accuracy"
        reason = f"The expected best accuracy after a given time of grid search is not known: {obstacle(self.table)}."
        return [reason] if is_wanted else []
