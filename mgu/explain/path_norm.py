"""path_norm.json: the path norm and kappa of a network that path-SGD has trained, before and after."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from torch import nn

from mgu.console.text import print_line
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.pretrained import take_pretrained
from mgu.factory.resolved_run import ResolvedRun
from mgu.random_numbers.generators import keeping_states, seed_all
from mgu.results.on_disk.file_names import PATH_NORM_FILE
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.sealed import to_sealed_json
from mgu.results.schema.parts import Record
from mgu.train.path_norm import PathNorm
from mgu.train.path_summary import summarise


class PathState(Record, frozen=True):
    """Holds the path norm of one set of weights; null where squared weights overflow.

    Attributes:
        gamma_squared: The square of the path norm.
        kappa_smallest: The smallest entry of the first part of kappa, over all weights.
        kappa_median: The median.
        kappa_largest: The largest one.
        second_over_first: Ratio of the second to the first part of kappa, by Frobenius norm, by recurrent weight.
    """

    gamma_squared: float | None
    kappa_smallest: float | None
    kappa_median: float | None
    kappa_largest: float | None
    second_over_first: dict[str, float | None]


class PathExplanation(Record, frozen=True):
    """Holds the path norm of a run's network.

    Attributes:
        schema_version: Version of this schema.
        name: Name of the run.
        identity: Identity of the run.
        epoch: Epoch of the weights that are kept.
        start: Of its initial weights; null where those that it started from are not there any more.
        kept: Of the weights that are kept.
    """

    schema_version: Literal[1]
    name: str
    identity: str
    epoch: int | None
    start: PathState | None
    kept: PathState


def explain_paths(resolved: ResolvedRun, model: nn.Module, epoch: int | None) -> PathExplanation:
    """Computes the path norm of a network as it was initialised, and as it was trained.

    Args:
        resolved: The configuration of the run, with its device and data.
        model: The network with its weights.
        epoch: Epoch that they are of.

    Returns:
        The explanation.
    """
    config, shape = resolved.config, resolved.shapes.inputs
    with keeping_states():
        seed_all(config.seed)
        initial = build_model(resolved).to(resolved.device)
        try:
            take_pretrained(initial, config)
            start = _measure(initial, shape)
        except UserError:
            start = None
    kept = _measure(model, shape)
    return PathExplanation(
        schema_version=1, name=config.name, identity=config.identity, epoch=epoch, start=start, kept=kept
    )


def _measure(model: nn.Module, shape: tuple[int, ...]) -> PathState:
    summary, names = summarise(PathNorm(model, shape)), [name for name, _ in model.named_parameters()]
    smallest, median, largest = map(_number, summary.quantiles)
    return PathState(
        gamma_squared=_number(summary.gamma_squared),
        kappa_smallest=smallest,
        kappa_median=median,
        kappa_largest=largest,
        second_over_first={names[index]: _number(ratio) for index, ratio in summary.second_over_first.items()},
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def paths_to_json(explanation: PathExplanation) -> str:
    """Writes an explanation as indented JSON that ends with its checksum.

    Args:
        explanation: The explanation.

    Returns:
        The text of path_norm.json.
    """
    return to_sealed_json(explanation).decode()


def write_paths(folder: Path, explanation: PathExplanation) -> None:
    """Writes path_norm.json atomically.

    Args:
        folder: The folder of the run.
        explanation: The explanation.
    """
    write_text(folder / PATH_NORM_FILE, paths_to_json(explanation))


def print_paths(explanation: PathExplanation) -> None:
    """Prints the path norm at the start and of the weights that are kept, a line for each.

    Args:
        explanation: The explanation.
    """
    print_line(f"{explanation.name}: path norm and kappa (docs/method/path_sgd.md)")
    start = _describe(explanation.start) if explanation.start else "the weights that it started from are not there"
    print_line(f"  at the start: {start}")
    print_line(f"  weights of epoch {explanation.epoch}: {_describe(explanation.kept)}")


def _describe(state: PathState) -> str:
    entries = (state.kappa_smallest, state.kappa_median, state.kappa_largest)
    text = (
        f"gamma^2 {_write(state.gamma_squared)}; kappa smallest, median and largest {', '.join(map(_write, entries))}"
    )
    parts = ", ".join(f"{_write(ratio)} ({name})" for name, ratio in state.second_over_first.items())
    return f"{text}; second over first part {parts}" if parts else text


def _write(value: float | None) -> str:
    return "overflows" if value is None else f"{value:.4g}"
