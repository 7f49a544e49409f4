"""Variants of a network: the unit, pruned, converted and exported, each checked against the one before it."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from mgu.config.energy import EnergyConfig
from mgu.data.splits import Data, Splits
from mgu.export.checks import check_equivalent, check_score
from mgu.export.description import describe_export
from mgu.export.fixed_steps import check_fixed_steps, fix_steps
from mgu.export.network import Exportable, Format, end_to_end, export_network
from mgu.factory.trained import TrainedRun
from mgu.prune.benchmark import InferenceCost, Subject, as_subject, benchmark
from mgu.prune.convert import (
    convert_network,
    labels_of,
    logits_of,
    logits_of_raw,
    score_from,
)
from mgu.prune.flops import CountFlops
from mgu.prune.network import Network
from mgu.prune.outcome import ModelRow, Point
from mgu.prune.search import SearchResult
from mgu.tasks.score import Score


class Variant(NamedTuple):
    """Holds a network before it is measured.

    Attributes:
        subject: The network.
        difference: Largest difference from the variant before it, as a share of the largest logit.
        takes_raw: Whether it takes examples as they are in the user's files.
    """

    subject: Subject
    difference: float | None = None
    takes_raw: bool = False

    def logits_of(self, data: Data) -> Tensor:
        """Computes the logits (N, K) of all examples."""
        return (logits_of_raw if self.takes_raw else logits_of)(self.subject.infer, data)


def build_variants(
    trained: TrainedRun, unit: Network, pruned: Network, data: Data, form: Format | None
) -> tuple[dict[str, Variant], bytes | None]:
    """Builds the variants of a pruned unit.

    Args:
        trained: The run of the unit.
        unit: The unit.
        pruned: The pruned network.
        data: Held-out data on which variants must be equal.
        form: The format of the export; None for no export.

    Returns:
        The variants by name, and the content of the exported file.

    Raises:
        RunsFailed: A conversion is not exact.
    """
    pruned.eval()
    example = data.batch(slice(0, 1))[0]
    variants = {"unit": Variant(as_subject(unit, example)), "pruned": Variant(as_subject(pruned, example))}
    expected = logits_of(pruned, data)
    converted = convert_network(pruned)
    difference = check_equivalent("converted", logits_of(converted, data), expected)
    variants["converted"] = Variant(as_subject(converted, example), difference)
    if not form:
        return variants, None
    name = "torch.export" if form == "torch" else "ONNX Runtime, CPU"
    variants[name], content = _export(name, trained, converted, data, form)
    return variants, content


def _export(name: str, trained: TrainedRun, converted: Network, data: Data, form: Format) -> tuple[Variant, bytes]:
    """Exports a converted network, and compares what the file computes of raw examples with the network itself."""
    assert isinstance(data, Exportable)  # check_kind saw to it before anything is trained
    expected, labels = logits_of(converted, data), labels_of(data)
    fixed = fix_steps(converted, lambda network: logits_of(network, data))
    module, example = end_to_end(fixed.network, trained.preprocessing), data.raw(slice(0, 1))
    about = describe_export(trained, form, is_pruned=True)
    content, infer = export_network(module, [example], form, trained.preprocessing, about)
    actual = logits_of_raw(infer, data)
    difference = check_equivalent(name, actual, logits_of(fixed.network, data) if fixed.steps else expected)
    if fixed.steps:
        difference = check_fixed_steps(actual, expected, fixed)
    score = trained.config.score
    check_score(name, score_from(actual, labels, score), score_from(expected, labels, score), score)
    here = example if form == "torch" else example.cpu()
    return Variant(Subject(converted, infer, here), difference, takes_raw=True), content


def measure_candidates(
    searched: SearchResult, example: Tensor, count_flops: CountFlops, energy: EnergyConfig
) -> list[Point]:
    """Benchmarks the converted form of every candidate.

    Args:
        searched: The result of the search.
        example: An input of the networks (1, *).
        count_flops: Counts the operations of a network.
        energy: Settings of the energy measurement.

    Returns:
        The candidates with their costs.
    """
    converted = {each.name: convert_network(each.model) for each in searched.candidates}
    subjects = {name: as_subject(net, example) for name, net in converted.items()}
    costs = benchmark(subjects, count_flops, energy)
    return [
        Point(
            name=each.name,
            gates_fixed=len(each.decisions),
            val=score_before,
            tuned=searched.choice.tuned.get(each.name),
            cost=costs[each.name],
        )
        for each, score_before in zip(searched.candidates, searched.scores, strict=True)
    ]


def evaluate_variant(
    name: str, variant: Variant, cost: InferenceCost, splits: Splits, score: Score, *, is_trained: bool = True
) -> ModelRow:
    """Evaluates a variant on the data that decide and on test data.

    Args:
        name: Name of the variant.
        variant: The network.
        cost: Its cost.
        splits: The data.
        score: What the unit was trained for.
        is_trained: Whether it has a score.

    Returns:
        The row of the table.
    """
    assert splits.test is not None
    val, test = (
        score_from(variant.logits_of(data), labels_of(data), score) if is_trained else None
        for data in (splits.val, splits.test)
    )
    return ModelRow(name=name, val=val, test=test, cost=cost, difference=variant.difference)
