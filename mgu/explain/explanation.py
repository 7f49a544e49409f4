"""explain.json: what the gates of a trained model do on held-out data."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from torch import nn

from mgu.config.run import RunConfig
from mgu.data.splits import Data
from mgu.errors import UserError
from mgu.explain.observe import UnitStatistics, observe
from mgu.explain.schema import SCHEMA_VERSION, Explanation, GateExplanation, UnitExplanation
from mgu.explain.words import describe_flow, describe_gate, name_branch, varies_by
from mgu.factory.resolved_run import ResolvedRun
from mgu.results.on_disk.file_names import EXPLAIN_FILE
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.sealed import read_plain, seal, unseal
from mgu.results.schema.split import name_split
from mgu.train.loop import evaluate
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import WIRINGS


def can_explain(config: RunConfig) -> bool:
    """Tells whether the gates of a run can be explained.

    Args:
        config: Configuration of the run.

    Returns:
        Whether it is of a unit with the paper's paths.
    """
    return bool(config.mgu and config.mgu.is_paper)


def explain_model(resolved: ResolvedRun, model: nn.Module, data: Data) -> Explanation:
    """Evaluates a model once while watching its gates.

    Batches are as large as in training, so this needs less memory than training.

    Args:
        resolved: The configuration of the run, with its device and data.
        model: Its model, which is left in evaluation mode.
        data: The data to evaluate on.

    Returns:
        The explanation.

    Raises:
        UserError: The model has no gates that can be explained, or there is no example.
    """
    config, wirings = resolved.config, _name_wirings(model)
    if not wirings:
        raise UserError(
            f"RUN must be of a unit, but {config.name} is a baseline, which has no gates (equilibrium layers, "
            "directed networks and runs of path-SGD are explained, too). Name a run with mgu=..."
        )
    if None in wirings:
        raise UserError(
            f"RUN must be of a unit with the paper's paths, but {config.name} has others, for which there are no "
            "words yet. Name another."
        )
    if len(data) == 0:
        raise UserError(f"validation data must hold an example, but {config.dataset.label} has none.")
    with observe(model) as statistics:
        metrics = evaluate(model, data, resolved.task, config.training.batch_size)
    return Explanation(
        schema_version=SCHEMA_VERSION,
        name=config.name,
        identity=config.identity,
        wiring=", ".join(filter(None, wirings)),
        dataset=config.dataset.label,
        split=name_split(config.dataset.split, config.dataset.name),
        data="validation",
        examples=len(data),
        metric=config.score.metric,
        score=metrics[config.score.metric],
        units=[_explain_unit(index, name, seen) for index, (name, seen) in enumerate(statistics.items(), start=1)],
    )


def write_explanation(folder: Path, explanation: Explanation) -> None:
    """Writes explain.json atomically.

    Args:
        folder: The folder of the run.
        explanation: The explanation.
    """
    write_text(folder / EXPLAIN_FILE, to_json(explanation))


def to_json(explanation: Explanation) -> str:
    """Encodes an explanation, with lists of numbers on one line because there may be a thousand channels.

    Its last member is its checksum: see mgu/results/on_disk/sealed.py.

    Args:
        explanation: The explanation.

    Returns:
        The indented JSON text.
    """
    text = msgspec.json.format(msgspec.json.encode(explanation), indent=2).decode()
    text = re.sub(r"\[[^\[\]{}]*\]", lambda match: " ".join(match[0].split()), text) + "\n"
    return seal(text.encode()).decode()


def read_explanation(path: Path) -> Explanation:
    """Reads an explain.json.

    Args:
        path: The file.

    Returns:
        The explanation.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It cannot be read, is of an earlier version, or is not what was written (`Changed`).
    """
    return msgspec.json.decode(unseal(read_plain(path))[0], type=Explanation)


def _name_wirings(model: nn.Module) -> list[str | None]:
    """Names the wirings of a model's units, each once; None stands for paths that are not the paper's."""
    units = [module for module in model.modules() if isinstance(module, MultiGatedUnit)]
    names = [next((name for name, wiring in WIRINGS.items() if wiring == unit.wiring), None) for unit in units]
    known = [name if "skip" in unit.gate_names else None for name, unit in zip(names, units, strict=True)]
    return list(dict.fromkeys(known))


def _explain_unit(index: int, module: str, seen: UnitStatistics) -> UnitExplanation:
    """Explains one unit: its flow, its paths, and what each gate did."""
    wiring = seen.unit.wiring
    summaries = {gate: statistics.summary() for gate, statistics in seen.gates.items()}
    return UnitExplanation(
        name=f"{_kind(seen.unit.layer)}{index}",
        module=module,
        num_channels=seen.unit.num_channels,
        flow=describe_flow(summaries, seen.path_weights, wiring),
        path_weights={branch: round(weight, 6) for branch, weight in seen.path_weights.items()},
        gates={
            gate: GateExplanation(
                when_open=name_branch(wiring.choices[gate].when_open, wiring),
                when_closed=name_branch(wiring.choices[gate].when_closed, wiring),
                opened_for=describe_gate(gate, summary, wiring),
                varies_by=varies_by(summary),
                statistics=summary,
            )
            for gate, summary in summaries.items()
        },
    )


def _kind(layer: nn.Module) -> str:
    """Returns the word for a layer: conv for every kind of convolution, else the name of the class."""
    name = type(layer).__name__.lower()
    return "conv" if name.startswith("conv") else name
