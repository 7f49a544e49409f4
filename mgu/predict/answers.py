"""What the outputs of a network mean: classes with probabilities, numbers in their unit, scores, votes of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mgu.results.on_disk.preprocessing import Classes, Outputs, Quantity
from mgu.tasks.votes import vote


def find_unanswered(outputs: Tensor, where: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[str]]:
    """Finds outputs that are no numbers, which stand for no class and no quantity.

    Args:
        outputs: Of `EndToEnd`: (B, *).
        where: What names each example; empty where nothing does.

    Returns:
        The indices of the other examples, and a fault for each that is not answered.
    """
    answered = outputs.isfinite().flatten(start_dim=1).all(dim=1) if outputs.ndim > 1 else outputs.isfinite()
    faults = [
        f"{_name(where, index)}: its numbers are so far from those of training that the network computes "
        f"{outputs[index].flatten().sum().item()}"
        for index in (~answered).nonzero().flatten().tolist()
    ]
    return answered.nonzero().flatten().tolist(), faults


def _name(where: Sequence[Mapping[str, Any]], index: int) -> str:
    """Returns the file and the row of an example, or its number."""
    source = where[index] if where else {}
    row = [f"row {source['row']}"] if "row" in source else []
    return " ".join([*([str(source["file"])] if "file" in source else []), *row]) or f"example {index}"


def answer(outputs: Tensor, meaning: Outputs) -> list[dict[str, Any]]:
    """Says what each output means.

    Args:
        outputs: Of `EndToEnd`: logits (B, K), or numbers (B,).
        meaning: What they stand for.

    Returns:
        By example "prediction" and, of classes, "probability" and "probabilities" by class; or "score".
    """
    if not isinstance(meaning, Classes):
        key = "prediction" if isinstance(meaning, Quantity) else "score"
        return [{key: value} for value in outputs.tolist()]
    probabilities = outputs.double().softmax(dim=1)
    best = outputs.argmax(dim=1).tolist()
    return [
        {
            "prediction": meaning.names[number],
            "probability": shares[number],
            "probabilities": dict(zip(map(str, meaning.names), shares, strict=True)),
        }
        for number, shares in zip(best, probabilities.tolist(), strict=True)
    ]


def vote_by_case(outputs: Tensor, cases: Sequence[str], meaning: Classes) -> list[Any]:
    """Lets the images of each case vote on its class, as in the metrics of training.

    Args:
        outputs: Logits of the images (B, K).
        cases: The case of each image.
        meaning: The classes.

    Returns:
        For each image the class of its case.
    """
    numbers = {case: number for number, case in enumerate(dict.fromkeys(cases))}
    voted, _ = vote(outputs, torch.tensor([numbers[case] for case in cases]))
    return [meaning.names[voted[numbers[case]]] for case in cases]
