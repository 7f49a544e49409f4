"""All that is computed of one table, once, for every form of the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mgu.report.costs import Charge, charges, describe_costs
from mgu.report.ranking.rank import Table
from mgu.report.ranking.seeds import stem
from mgu.report.ranking.validity import SHORT_S, STARVED, is_starved
from mgu.report.stats.budget import Budget, budget, obstacle
from mgu.report.stats.correct import Correct, correct_of
from mgu.report.stats.optimism import Optimism, describe_optimism, optimism
from mgu.report.stats.replication import Pair, beside_paper, describe_beside
from mgu.report.stats.scores import compare_scores
from mgu.report.stats.verdict import MARGIN, Verdict, explain_no_verdict, judge
from mgu.results.result import Result


@dataclass(frozen=True)
class Analysis:
    """A table and what follows from it, each part when it is first asked for. `margin`: see stats/verdict.py."""

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
            "Verdict": [
                *(self.verdict.lines if self.verdict else explain_no_verdict(self.table) or compare_scores(self.table)),
                *flattery,
            ],
            "Cost": [*describe_costs(self.table), *self._budget_lines],
            "Paper": describe_beside(self.beside_paper),
            "To be kept in mind": caveats(self.table),
        }
        return {heading: lines for heading, lines in sections.items() if lines}

    @property
    def _budget_lines(self) -> list[str]:
        if self.budget:
            return [self.budget.sentence]
        is_asked = self.table.units and self.table.baselines and self.table.score.metric == "accuracy"
        return [f"What a budget buys of the grid is not known: {obstacle(self.table)}."] if is_asked else []

    @property
    def lines(self) -> list[str]:
        """All sentences, without headings."""
        return [sentence for sentences in self.sections.values() for sentence in sentences]


def caveats(table: Table) -> list[str]:
    """What limits the figures."""
    lines, results = [], table.results
    in_means = [row for row in table.rows if len(row.runs) > 1 and any(result.val for result in row.results)]
    total = len(results)
    for status in ("diverged", "failed"):
        if count := sum(result.status == status for result in results):
            lines.append(f"{count} of {total} runs {status}.")
    counts = "they are in no mean"
    if table.task == "classification":
        counts = "in a mean each counts as a guess, or as 0 % where the number of classes is not known"
    if lost := sum(result.status == "diverged" and result.val is None for row in in_means for result in row.results):
        lines.append(f"{lost} of {total} runs diverged before an epoch was over: {counts}.")
    for name, values in _settings(results).items():
        if len(values) > 1:
            lines.append(f"The runs differ in {name} ({', '.join(sorted(values))}): they are not of one experiment.")
    if blocks := len(table.blocks):
        lines.append(
            f"{blocks} of {len(table.rows)} models are neither the paper's unit nor of the grid: they are ranked, and "
            "in no comparison and no cost."
        )
    if table.repeated:
        lines.append(f"Left out, for they repeat a seed of their model: {len(table.repeated)} of all runs.")
    if len({len(row.runs) for row in table.rows}) > 1:
        lines.append("The models have different numbers of seeds: those with few have wide intervals.")
    if any(row.examples == "cases" for row in table.rows):
        lines.append(
            "Images of one case resemble each other: accuracies are over images unless they are called case_acc, tests "
            "over cases, each by the share of its images that is right."
        )
    lines += [*_same_names(table), *_marked(table, total)]
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
    if together := sum(result.trained_together > 1 for result in table.results):
        lines.append(
            f"{together} of {total} runs were trained together with others in one process (marked !): their time and "
            "energy are shares of the whole and in no ratio."
        )
    if contended := sum(result.contended and result.trained_together == 1 for result in table.results):
        lines.append(
            f"{contended} of {total} runs shared the host with other runs while they were measured (marked !): "
            "their time and energy are contended and in no ratio."
        )
    if starved := sum(is_starved(result) and not result.contended for result in table.results):
        lines.append(
            f"{starved} of {total} runs had the processor for less than {STARVED:.0%} of their time (marked !): the "
            "machine had other work, which their wall-clock times and estimates of energy count."
        )
    if resumed := sum(result.resumed > 0 for result in table.results):
        lines.append(
            f"{resumed} of {total} runs were interrupted and went on later (marked +): "
            "their time and energy are sums over the parts and in no ratio."
        )
    return lines


def _same_names(table: Table) -> list[str]:
    """What tells models apart that are called the same."""
    lines = []
    for name in sorted(name for name, count in Counter(stem(row.result) for row in table.rows).items() if count > 1):
        configs = [_flat(row.result.config) for row in table.rows if stem(row.result) == name]
        keys = sorted({key for config in configs for key in config} - {"seed"})
        differing = [key for key in keys if len({str(config.get(key)) for config in configs}) > 1]
        lines.append(f"{len(configs)} models are called {name}: they differ in {', '.join(differing)}.")
    return lines


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested names joined by dots."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _settings(results: list[Result]) -> dict[str, set[str]]:
    """What must be the same in all runs that are compared, and the values it has."""
    configs = [result.config for result in results]
    return {
        "device": {result.device for result in results if result.device},
        "training.epochs": {str(config.get("training", {}).get("epochs")) for config in configs},
        "optimizer.lr": {str(config.get("optimizer", {}).get("lr")) for config in configs},
    }
