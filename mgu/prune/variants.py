"""Variants of a network: the unit, pruned, converted and exported, each checked against the one before it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.config.run import EnergyConfig
from mgu.data.images.images import Images
from mgu.data.splits import Data, Splits
from mgu.models.convnet import ConvNet
from mgu.prune.benchmark import InferenceCost, Subject, as_subject, benchmark
from mgu.prune.convert import check_equivalent, convert_network, logits_of
from mgu.prune.export import Format, export_network
from mgu.prune.outcome import ModelRow, Point
from mgu.prune.search import SearchResult


class Variant(NamedTuple):
    """Holds a network before it is measured.

    Attributes:
        subject: The network.
        difference: Largest difference from the variant before it, as a share of the largest logit.
    """

    subject: Subject
    difference: float | None = None


def build_variants(
    unit: ConvNet, pruned: ConvNet, images: Data, image: Tensor, form: Format | None
) -> tuple[dict[str, Variant], bytes | None]:
    """Builds the variants of a pruned unit.

    Args:
        unit: The unit.
        pruned: The pruned network.
        images: Data on which variants must be equal.
        image: An example (1, C, H, W).
        form: The format of the export; None for no export.

    Returns:
        The variants by name, and the content of the exported file.

    Raises:
        RunsFailed: A conversion is not exact.
    """
    pruned.eval()
    here = image.device
    variants = {"unit": Variant(as_subject(unit, here)), "pruned": Variant(as_subject(pruned, here))}
    expected = logits_of(pruned, images)
    converted = convert_network(pruned)
    found = logits_of(converted, images)
    variants["converted"] = Variant(as_subject(converted, here), check_equivalent("converted", found, expected))
    content = None
    if form:
        content, infer = export_network(converted, image, form)
        name, where = ("torch.export", here) if form == "torch" else ("ONNX Runtime, CPU", torch.device("cpu"))
        difference = check_equivalent(name, logits_of(infer, images), found)
        variants[name] = Variant(Subject(converted, infer, where), difference)
    return variants, content


def measure_candidates(found: SearchResult, image: Tensor, energy: EnergyConfig) -> list[Point]:
    """Benchmarks the converted form of every candidate.

    Args:
        found: The result of the search.
        image: An example (1, C, H, W).
        energy: Settings of the energy measurement.

    Returns:
        The candidates with their costs.
    """
    converted = {each.name: convert_network(each.model) for each in found.candidates}
    subjects = {name: as_subject(net, image.device) for name, net in converted.items()}
    costs = benchmark(subjects, image, energy)
    return [
        Point(
            name=each.name,
            gates_fixed=len(each.decisions),
            accuracy=accuracy,
            tuned=found.choice.tuned.get(each.name),
            cost=costs[each.name],
        )
        for each, accuracy in zip(found.candidates, found.accuracies, strict=True)
    ]


def evaluate_variant(
    name: str, variant: Variant, cost: InferenceCost, splits: Splits, *, is_trained: bool = True
) -> ModelRow:
    """Evaluates a variant on the data that decide and on test data.

    Args:
        name: Name of the variant.
        variant: The network.
        cost: Its cost.
        splits: The data.
        is_trained: Whether it has an accuracy.

    Returns:
        The row of the table.
    """
    assert splits.test is not None
    val, test = (
        float((logits_of(variant.subject.infer, images).argmax(dim=1) == _labels(images)).double().mean())
        if is_trained
        else None
        for images in (splits.val, splits.test)
    )
    return ModelRow(name=name, accuracy=val, test=test, cost=cost, difference=variant.difference)


def _labels(data: Data) -> Tensor:
    assert isinstance(data, Images)  # inputs.unit_of checked it
    return data.labels.cpu()
