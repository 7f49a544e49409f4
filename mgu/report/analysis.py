"""All that is computed of one table, once, for every form of the report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mgu.report.beside import Pair, beside_paper, describe_beside
from mgu.report.budget import Budget, budget
from mgu.report.costs import Charge, charges, describe_costs
from mgu.report.images import Correct, correct_of
from mgu.report.optimism import Optimism, describe_optimism, optimism
from mgu.report.rank import SHORT_S, Table
from mgu.report.scores import compare_scores
from mgu.report.verdict import MARGIN, Verdict, judge
from mgu.results import Result


@dataclass(frozen=True)
class Analysis:
    """A table and what follows from it, each part when it is first asked for. `margin` as in mgu/report/verdict.py."""

    table: Table
    margin: float = MARGIN

    @cached_property
    def correct(self) -> list[Correct]:
        return correct_of(self.table.rows)

    @cached_property
    def verdict(self) -> Verdict | None:
        return judge(self.table, self.correct, self.margin)

    @cached_property
    def optimism(self) -> Optimism:
        return optimism(self.table, self.correct)

    @cached_property
    def budget(self) -> Budget | None:
        return budget(self.table)

    @cached_property
    def charges(self) -> list[Charge]:
        return charges(self.table)

    @cached_property
    def beside_paper(self) -> list[Pair]:
        return beside_paper(self.table)

    @cached_property
    def sections(self) -> dict[str, list[str]]:
        """Plain sentences by heading, each figure with its unit and the method it was come by; no heading is empty."""
        flattery = describe_optimism(self.optimism, self.table.units[0].examples) if self.table.units else []
        sections = {
            "Verdict": [*(self.verdict.lines if self.verdict else compare_scores(self.table)), *flattery],
            "Cost": [*describe_costs(self.table), *([self.budget.sentence] if self.budget else [])],
            "Paper": describe_beside(self.beside_paper),
            "To be kept in mind": caveats(self.table),
        }
        return {heading: lines for heading, lines in sections.items() if lines}

    @property
    def lines(self) -> list[str]:
        """All sentences, without headings."""
        return [sentence for sentences in self.sections.values() for sentence in sentences]


def caveats(table: Table) -> list[str]:
    """What limits the figures."""
    lines, results = [], table.results
    total = len(results)
    for status in ("diverged", "failed"):
        if count := sum(result.status == status for result in results):
            lines.append(f"{count} of {total} runs {status}.")
    counts = "in a mean each counts as a guess" if table.task == "classification" else "they are in no mean"
    if table.has_seeds and (lost := sum(r.status == "diverged" and r.val is None for r in results)):
        lines.append(f"{lost} of {total} runs diverged before an epoch was over: {counts}.")
    for name, values in _settings(results).items():
        if len(values) > 1:
            lines.append(f"The runs differ in {name} ({', '.join(sorted(values))}): they are not of one experiment.")
    if table.repeated:
        lines.append(f"{len(table.repeated)} runs repeat a seed of their model and are left out.")
    if len({len(row.runs) for row in table.rows}) > 1:
        lines.append("The models have different numbers of seeds: those with few have wide intervals.")
    if any(row.examples == "cases" for row in table.rows):
        lines.append(
            "Images of one case resemble each other: accuracies are over images unless they are called case_acc, tests "
            "over cases, each by the share of its images that is right."
        )
    lines += _marked(table, total)
    if table.split == "paper":
        lines.append(
            "split: paper validates on the official test data, so the best of a grid is picked on them: "
            "use dataset.split=holdout for an unbiased comparison."
        )
    return lines


def _marked(table: Table, total: int) -> list[str]:
    lines = []
    if short := sum(r.seconds is not None and r.seconds.to_solution < SHORT_S for r in table.results):
        lines.append(
            f"{short} of {total} runs took under {SHORT_S:.0f} s (marked ~): their energy rests on few readings and is "
            "in no ratio; their time, which a clock took, is."
        )
    if contended := sum(result.contended for result in table.results):
        lines.append(
            f"{contended} of {total} runs shared the host with other runs while they were measured (marked !): "
            "their time and energy are contended and in no ratio."
        )
    if resumed := sum(result.resumed > 0 for result in table.results):
        lines.append(
            f"{resumed} of {total} runs were interrupted and went on later (marked +): "
            "their time and energy are sums over the parts and in no ratio."
        )
    return lines


def _settings(results: list[Result]) -> dict[str, set[str]]:
    """What must be the same in all runs that are compared, and the values it has."""
    configs = [result.config for result in results]
    return {
        "device": {result.device for result in results if result.device},
        "training.epochs": {str(config.get("training", {}).get("epochs")) for config in configs},
        "optimizer.lr": {str(config.get("optimizer", {}).get("lr")) for config in configs},
    }
