"""Held-out examples of a run, as they are in the user's files, and what its network says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from mgu.data.ratings.candidates import Candidates
from mgu.data.ratings.dataset import RatingDataset
from mgu.data.splits import Data
from mgu.data.tables.dataset import TableDataset
from mgu.data.tables.rows import Rows
from mgu.errors import UserError
from mgu.export.end_to_end import EndToEnd
from mgu.export.network import Exportable
from mgu.export.read_otherwise import describe_read_otherwise, find_read_otherwise
from mgu.factory.trained import TrainedRun
from mgu.results.on_disk.preprocessing import Columns, Pairs
from mgu.tasks.ranking import Ranking
from mgu.tasks.task import Task, judged_by

MOST_RANKED = 200  # users whose items are all ranked
BATCH_SIZE = 1000
CALIBRATING_SIZE = 64


class HeldOut(NamedTuple):
    """Holds examples that a run was not trained on.

    Attributes:
        raw: As they are in the user's files: pixels, arrays of a function, or columns by name.
        score: Takes outputs of all examples, (N, K) or (N,) in the target's unit, and returns the score of the task;
            and `within`, by which an item must score more than another to rank before it.
        expected: What the network says when it is given the inputs of training, (N, K) or (N,).
        num_scored: How many examples a score is of.
        note: Which examples were left out, and why; empty where none was.
    """

    raw: Any
    score: Callable[..., float]
    expected: Tensor
    num_scored: int
    note: str = ""


def take_held_out(trained: TrainedRun, network: nn.Module) -> HeldOut:
    """Reads the test data of a run, or its validation data where nothing is held out for testing.

    Args:
        trained: The run.
        network: Its network.

    Returns:
        The examples.

    Raises:
        UserError: The data are not there any more, or cannot be had as they are in files.
    """
    splits, dataset = trained.splits, trained.resolved.dataset
    data = splits.test or splits.val
    end = EndToEnd(network, trained.preprocessing).eval()
    if isinstance(data, Candidates):
        return _take_rankings(trained, data, network)
    outputs, targets = _compute(network, data)
    expected = cast(Tensor, end.decode(outputs))
    raw: Any
    if isinstance(dataset, TableDataset):
        return _take_rows(trained, dataset, (outputs, targets, expected))
    if isinstance(dataset, RatingDataset):
        raw = _name_pairs(trained, cast(Rows, data).inputs)
    else:
        raw = _take_raw(trained, data, slice(None))
    return HeldOut(raw, _scorer(trained.resolved.task, outputs, targets, expected), expected, len(data))


def _take_rows(trained: TrainedRun, dataset: TableDataset, computed: tuple[Tensor, Tensor, Tensor]) -> HeldOut:
    """Takes the rows of a table that predictions read as the run was scored on them.

    `computed`: outputs, targets, and outputs in the target's unit, of all of them.
    """
    inputs = trained.preprocessing.inputs
    assert isinstance(inputs, Columns)
    raw, num_rows = dataset.cells(dataset.table.held_out), len(dataset.table.held_out)
    otherwise = find_read_otherwise(inputs, dataset.table.held_out, raw)
    note = describe_read_otherwise(otherwise, num_rows) if otherwise else ""
    left_out = {cell.row for cell in otherwise}
    kept = [row for row in range(num_rows) if row not in left_out]
    outputs, targets, expected = (tensor[kept] for tensor in computed)
    rows = {name: [cells[row] for row in kept] for name, cells in raw.items()}
    score = _scorer(trained.resolved.task, outputs, targets, expected)
    return HeldOut(rows, score, expected, len(kept), note)


def take_training(trained: TrainedRun, count: int) -> list[Any]:
    """Takes some training examples as they are in the user's files, in batches.

    Args:
        trained: The run.
        count: How many, at most.

    Returns:
        Batches of pixels, of arrays of a function, or of columns by name.

    Raises:
        UserError: The data cannot be had as they are in files.
    """
    train, dataset = trained.splits.train, trained.resolved.dataset
    some = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:count]
    if isinstance(dataset, TableDataset):
        rows = dataset.table.training.iloc[some.numpy()]
        return [dataset.cells(rows)]
    if isinstance(train, Candidates):
        return [_name_pairs(trained, train.pairs[some])]
    if isinstance(dataset, RatingDataset):
        return [_name_pairs(trained, cast(Rows, train).inputs[some])]
    return [*_take_raw(trained, train, some).split(CALIBRATING_SIZE)]


def _take_raw(trained: TrainedRun, data: Data, index: Tensor | slice) -> Tensor:
    """Returns images or arrays as they are in the user's files; raises UserError for a kind that cannot give them."""
    if not isinstance(data, Exportable):
        raise UserError(
            f"the examples of dataset={trained.config.dataset.name} must have `raw(index)`, which returns them as they "
            f"are in files, but {type(data).__name__} has none. Add it, see docs/guide/extending.md."
        )
    return data.raw(index)


@torch.inference_mode()
def _compute(network: nn.Module, data: Data) -> tuple[Tensor, Tensor]:
    """Returns the outputs of a network, and the targets, of all examples in main memory."""
    batches = [data.batch(slice(start, start + BATCH_SIZE)) for start in range(0, len(data), BATCH_SIZE)]
    return torch.cat([network(inputs).cpu() for inputs, _ in batches]), torch.cat(
        [targets.cpu() for _, targets in batches]
    )


def _scorer(task: Task, outputs: Tensor, targets: Tensor, expected: Tensor) -> Callable[..., float]:
    """Returns a function that scores outputs as the user sees them: accuracy, or error in the target's unit."""

    def score(computed: Tensor, within: float = 0.0) -> float:
        if computed.dim() == 1:  # in the target's unit: the task scores standardised numbers
            mean, std = getattr(task, "mean", 0.0), getattr(task, "std", 1.0)
            computed = ((computed - mean) / std).to(outputs.dtype)
        totals = task.totals()
        task.count(totals, computed, targets)
        return task.metrics(totals)[task.score.metric]

    return score


def _take_rankings(trained: TrainedRun, data: Candidates, network: nn.Module) -> HeldOut:
    """Takes every item for some users, but those that the user knew."""
    some = data.subset(torch.arange(min(len(data), MOST_RANKED), device=data.device))
    pairs, chosen = some.batch(slice(None))  # (B, I, 2)
    with torch.inference_mode():
        scores = network(pairs).cpu()
    pairs, chosen, num_items = pairs.cpu(), chosen.cpu(), pairs.shape[1]
    is_item = pairs[..., 1] < num_items

    def score(computed: Tensor, within: float = 0.0) -> float:
        ranked = torch.full(is_item.shape, -torch.inf).masked_scatter(is_item, computed.float())
        ranked.scatter_add_(1, chosen[:, None], torch.full_like(ranked[:, :1], -within))
        task = judged_by(Ranking(num_items), trained.resolved.task.score)
        totals = task.totals()
        task.count(totals, ranked, chosen)
        return task.metrics(totals)[task.score.metric]

    return HeldOut(_name_pairs(trained, pairs[is_item]), score, scores[is_item], len(some))


def _name_pairs(trained: TrainedRun, pairs: Tensor) -> dict[str, list[str]]:
    """Returns pairs (N, 2) by the names that users and items have in the files."""
    inputs = trained.preprocessing.inputs
    assert isinstance(inputs, Pairs)
    return {
        entities.column: [entities.names[number] for number in pairs[:, side].tolist()]
        for side, entities in enumerate((inputs.users, inputs.items))
    }
