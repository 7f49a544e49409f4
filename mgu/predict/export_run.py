"""Exports a finished run to one file, and compares the file with the run on held-out examples as files hold them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mgu.data.tables.dates import write_date
from mgu.data.tables.spellings import CategoryCodes
from mgu.errors import UserError
from mgu.export.checks import TOLERANCE, check_equivalent, check_score
from mgu.export.description import describe_export
from mgu.export.end_to_end import EndToEnd
from mgu.export.fixed_steps import SPARE, check_fixed_steps, fix_steps
from mgu.export.held_out import HeldOut, take_held_out
from mgu.export.int8 import Int8Weights, quantize_onnx
from mgu.export.network import Format, Infer, end_to_end, export_network, open_onnx
from mgu.export.tracing import tracing
from mgu.factory.imported import section_of
from mgu.factory.unchanged import check_unchanged
from mgu.predict.feed import describe_respelled, feed, read_raw
from mgu.predict.model import Model
from mgu.results.on_disk.preprocessing import Arrays, Columns, Pairs, Pixels, Preprocessing, Quantity

SUBSTITUTES = 64  # made-up examples, where the data cannot be had
FAR_DAYS = 1_000_000  # from 1970 to the year 4707
BATCH_SIZE = 1000
NUM_CALIBRATING = 512  # examples that show the ranges of activations
LOST = 0.005  # of accuracy, above which a loss is told


class Exported(NamedTuple):
    """Holds an exported file and what its check found.

    Attributes:
        content: The bytes of the file.
        lines: What the user is to know: how the file was compared, and what int8 cost.
    """

    content: bytes
    lines: list[str]


def export_run(model: Model, form: Format, int8: bool = False) -> Exported:
    """Exports a run and checks the file.

    Args:
        model: The run, with the network that is exported.
        form: "torch" or "onnx".
        int8: Whether weights, and in ONNX activations, have eight bits.

    Returns:
        The file's content.

    Raises:
        RunsFailed: The file computes something else than the run.
        UserError: The network cannot be exported, computes something else than when it was trained, or there are no
            data to quantize with.
    """
    trained, preprocessing = model.trained, model.preprocessing
    held_out, missing = _find_held_out(model)
    if held_out:
        check_unchanged(trained)
    about = describe_export(trained, form, is_pruned=model.is_pruned)
    raw = held_out.raw if held_out else _substitute(preprocessing)

    def compute(network: torch.nn.Module) -> Tensor:
        return _run(EndToEnd(network, preprocessing).eval(), model, raw, "torch")

    fixed = fix_steps(model.network.network, compute)
    module = end_to_end(fixed.network, preprocessing)
    example = [tensor[:1] for tensor in read_raw(model, raw).raw]
    with _tracing(model):
        content, infer = export_network(module, example, form, preprocessing, about)
    expected = held_out.expected if held_out else compute(model.network.network)
    computed = _run_exported(infer, model, raw, form)
    name = "torch.export" if form == "torch" else "ONNX"
    near, far = (standardise(outputs, preprocessing) for outputs in (computed, expected))
    unrolled = standardise(_run(module, model, raw, "torch"), preprocessing) if fixed.steps else far
    difference = check_equivalent(name, near, unrolled)
    if fixed.steps:
        difference = check_fixed_steps(near, far, fixed)
    lines = [f"equal to {_name_of(model)} to {difference:.1e} of the largest output on {_describe(held_out)}"]
    if missing:
        lines.append(f"its data: {missing}")
    if held_out and held_out.note:
        lines.append(held_out.note)
    if form == "onnx":
        lines += describe_respelled(model, raw)
    if fixed.steps:
        lines.append(
            f"its iteration is {fixed.steps} steps in the file, {SPARE} more than the slowest of these examples "
            f"needs; the run stops by itself, there at a residual of at most {fixed.residual:.1e}"
        )
    if held_out:
        lines.append(_check_held_out(name, model, held_out, computed, expected))
    if int8:
        content, told = _quantize(model, module, example, form, (content, held_out, about), missing)
        lines += told
    return Exported(content, lines)


def _tracing(model: Model) -> AbstractContextManager[None]:
    """Says what the user can do where a module of theirs, or of ours, cannot be traced."""
    of_user = section_of(model.trained.config.layout)
    name = f", as {of_user[0]} {of_user[1].target}" if of_user else ""
    advice = "Mend it, and train again." if of_user else "Export it to the other format."
    return tracing(f"RUN must be of modules that torch.export can trace{name}", advice)


def _check_held_out(name: str, model: Model, held_out: HeldOut, computed: Tensor, expected: Tensor) -> str:
    """Checks that the file has the run's score on raw inputs; returns a line that says so."""
    score, outputs = model.trained.result.score, model.preprocessing.outputs
    within = TOLERANCE * float(expected.abs().max())  # rounding must not decide between items that tie
    spread = outputs.std if isinstance(outputs, Quantity) else 1.0
    check_score(name, held_out.score(computed, within), held_out.score(expected, within), score, spread)
    return f"{score.text(held_out.score(expected)).strip()} of raw inputs, as {_name_of(model)} itself"


def _name_of(model: Model) -> str:
    return "the pruned network" if model.is_pruned else "the run"


def standardise(outputs: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Returns outputs as the network has them: of a quantity with a large mean a share of it would say nothing.

    Args:
        outputs: Answers (N, *) in the unit of the target, or logits or scores, which stay as they are.
        preprocessing: That of the run.
    """
    meaning = preprocessing.outputs
    return (outputs - meaning.mean) / meaning.std if isinstance(meaning, Quantity) else outputs


def _describe(held_out: HeldOut | None) -> str:
    if held_out:
        return f"{held_out.num_scored:,} held-out examples"
    return f"{SUBSTITUTES} made-up examples, for its data cannot be had; its accuracy was not compared"


def _find_held_out(model: Model) -> tuple[HeldOut | None, str]:
    """Returns held-out examples; or None, and why the data cannot be had any more."""
    try:
        return take_held_out(model.trained, model.network.network), ""
    except UserError as error:
        return None, str(error)


def _quantize(
    model: Model,
    module: torch.nn.Module,
    example: Sequence[Tensor],
    form: Format,
    exported: tuple[bytes, HeldOut | None, dict[str, str]],
    missing: str,
) -> tuple[bytes, list[str]]:
    """Returns the quantized file, and what it costs in accuracy and saves; `missing` says why there are no data."""
    content, held_out, about = exported
    if form == "torch":
        about = about | {"weights": "int8, a scale for each output channel; computed in float32"}
        small, infer = export_network(Int8Weights(module), example, form, model.preprocessing, about)
    else:
        if held_out is None:
            raise UserError(
                "--quantize int8 must have training data, which show the ranges of activations, but they cannot "
                f"be had: {missing}"
            )
        examples = _training_examples(model)
        about = {"weights": "int8", "activations": "uint8, their ranges from training examples"}
        small = quantize_onnx(content, [feed(model, example) for example in examples], about)
        infer = open_onnx(small)
    lines = [describe_size(len(small), len(content))]
    if held_out is None:
        return small, [*lines, "int8: its accuracy was not compared, for the data cannot be had"]
    score = model.trained.result.score
    before, after = (held_out.score(outputs) for outputs in (held_out.expected, _run(infer, model, held_out.raw, form)))
    loss = (before - after) if score.higher_is_better else (after - before)
    is_share = score.higher_is_better
    large = loss > (LOST if is_share else LOST * abs(before))
    warning = "; that is much: the float32 file may serve better, which --quantize left out writes" if large else ""
    instead = f"{score.text(after).strip()} instead of {score.text(before).strip()}"
    lines.append(f"int8: {instead} on {held_out.num_scored:,} held-out examples{warning}")
    return small, lines


def describe_size(quantized: int, plain: int) -> str:
    """Returns what int8 makes of the size of a file, in bytes, and what to do where that is nothing."""
    line = f"int8: {quantized / 1000:,.1f} kB instead of {plain / 1000:,.1f} kB"
    if quantized < plain:
        return line
    return f"{line} in float32: this file saves nothing. Leave --quantize out, and export again"


def _training_examples(model: Model) -> list[Any]:
    """Returns raw training examples in batches, as files hold them."""
    from mgu.export.held_out import take_training

    return take_training(model.trained, NUM_CALIBRATING)


def _run_exported(infer: Infer, model: Model, raw: Any, form: Format) -> Tensor:
    """Computes the outputs of the file; UserError where no runtime can, as of an LSTM with a projection in ONNX."""
    try:
        return _run(infer, model, raw, form)
    except Exception as error:
        said, other = str(error).splitlines()[0].rstrip("."), "torch" if form == "onnx" else "onnx"
        raise UserError(
            f"RUN must be of modules that can be run once torch has exported them, but the file fails: {said}. "
            f"Pass --to {other}."
        ) from error


def _run(infer: Infer, model: Model, raw: Any, form: Format) -> Tensor:
    """Computes the outputs of an exported file for examples as files hold them, by some at once."""
    if form == "onnx" and isinstance(model.preprocessing.inputs, Columns | Pairs):
        columns = feed(model, raw)
        count = len(next(iter(columns.values())))
        starts = range(0, count, BATCH_SIZE)
        return torch.cat(
            [infer(**{name: cells[start : start + BATCH_SIZE] for name, cells in columns.items()}) for start in starts]
        )
    parts = zip(*(tensor.split(BATCH_SIZE) for tensor in read_raw(model, raw).raw), strict=True)
    with torch.no_grad():
        return torch.cat([infer(*batch).cpu() for batch in parts])


def _substitute(preprocessing: Preprocessing) -> Any:
    """Makes up examples as files could hold them."""
    random, inputs = np.random.default_rng(0), preprocessing.inputs
    if isinstance(inputs, Pixels):
        return random.integers(0, int(inputs.pixel_max) + 1, (SUBSTITUTES, *inputs.shape)).astype(np.uint8)
    if isinstance(inputs, Arrays):
        return random.normal(size=(SUBSTITUTES, *inputs.shape)).astype(np.float32)
    if isinstance(inputs, Columns):
        drawn = [random.normal(column.center, column.scale, SUBSTITUTES) + column.shift for column in inputs.numbers]
        numbers = {column.name: values.tolist() for column, values in zip(inputs.numbers, drawn, strict=True)}
        for date in inputs.dates:
            numbers[date.name] = [write_date(min(max(day, 0), FAR_DAYS)) for day in numbers[date.name]]
        words = {
            column.name: random.choice(
                [*CategoryCodes(column, inputs.missing_words).texts(), *column.rare], SUBSTITUTES
            ).tolist()
            for column in inputs.categories
        }
        return numbers | words
    return {
        entities.column: random.choice(entities.names, SUBSTITUTES).tolist()
        for entities in (inputs.users, inputs.items)
    }
