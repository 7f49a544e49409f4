"""From a trained run to a plain network on disk: search, choose, fine-tune, convert, export, measure, write."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from mgu.config.prune import PruneConfig
from mgu.data.images.images import Images
from mgu.data.splits import Data, Splits, split_holdout
from mgu.errors import UserError
from mgu.factory.trained import TrainedRun
from mgu.measure.contention import ContentionMonitor
from mgu.measure.energy import build_meter
from mgu.models.convnet import ConvNet
from mgu.prune.baseline import find_baselines
from mgu.prune.benchmark import Cost, Subject, by_itself, measure
from mgu.prune.choose import Choice, accuracy_of, choose
from mgu.prune.convert import check_equal, convert, logits_of
from mgu.prune.export import FILES, Format, export, write
from mgu.prune.figure import PICTURE_FILE, draw_curve
from mgu.prune.fine_tune import Tuning, steps_of
from mgu.prune.fix_gates import Candidate, by_steps, by_threshold
from mgu.prune.network import as_text, open_questions, units_of
from mgu.prune.outcome import OUTCOME_FILE, Outcome, Point, Row, write_outcome
from mgu.results.file_names import PRUNE_FOLDER
from mgu.results.files import make_folder
from mgu.results.result import Energy
from mgu.run.checkpoint import save_weights
from mgu.train.loop import Fit

Tell = Callable[[str], None]


class _Model(NamedTuple):
    """One row of the table before it is measured."""

    subject: Subject
    difference: float | None = None


class _Path(NamedTuple):
    """What led to the choice, and what that took."""

    candidates: list[Candidate]
    accuracies: list[float]  # of the candidates, before fine-tuning
    choice: Choice
    search_s: float
    tune_s: float
    energy: Energy | None
    contended: bool


def run_pruning(trained: TrainedRun, config: PruneConfig, form: Format | None, tell: Tell) -> tuple[Outcome, Path]:
    """Prune a trained unit and leave everything in the folder prune/ of its run, which is returned, too.

    Until all is measured, what an earlier call left there stays as it is.
    Raises UserError for a run without units, RunsFailed where a conversion is not exact.
    """
    unit = _unit_of(trained)
    folder = trained.folder / PRUNE_FOLDER
    make_folder(folder, "prune/ of the run", "See to its permissions, before hours of training.")
    splits, chosen_on = choosing_splits(trained)
    image = splits.train.batch(slice(0, 1))[0]
    path = _search_and_tune(trained, splits, config, image, tell)
    models, exported = _final_models(unit, path.choice.candidate.model, splits.val, image, form)
    baselines = find_baselines(trained)
    models |= {name: _Model(by_itself(net, image.device)) for name, (net, _) in baselines.items()}
    tell("measuring side by side")
    with ContentionMonitor() as monitor:
        points = _measure_points(trained, path, image)
        costs = measure({name: model.subject for name, model in models.items()}, image, trained.config.energy)
    untrained = {name for name, (_, result) in baselines.items() if result is None}
    rows = [_row(name, model, costs[name], splits, name not in untrained) for name, model in models.items()]
    candidate, spent = path.choice.candidate, trained.result.seconds
    outcome = Outcome(
        run=trained.result.name,
        identity=trained.result.identity,
        settings=config.model_dump(),
        chosen_on=chosen_on,
        gates=len(open_questions(unit, {})),
        chosen=candidate.name,
        within=path.choice.within,
        decisions=as_text(candidate.decisions),
        kept=tuple(map(str, open_questions(unit, candidate.decisions))),
        rows=rows,
        points=points,
        search_s=path.search_s,
        tune_s=path.tune_s,
        energy=path.energy,
        train_s=spent.to_solution if spent else None,
        energy_of_training=trained.result.energy,
        contended=path.contended or monitor.contended,
        device=trained.experiment.device_name,
    )
    for stale in (OUTCOME_FILE, PICTURE_FILE, *FILES.values()):  # nothing of an earlier call may pass for this one
        (folder / stale).unlink(missing_ok=True)
    for name in ("pruned", "converted"):
        save_weights(folder, models[name].subject.module.state_dict(), f"{name}.safetensors")
    if form and exported:
        write(folder, form, exported)
    draw_curve(outcome, folder / PICTURE_FILE)
    write_outcome(folder, outcome)
    return outcome, folder


def _unit_of(trained: TrainedRun) -> ConvNet:
    """The model, if it is one of the paper's units on images. Raises UserError."""
    if not isinstance(trained.splits.train, Images):
        raise UserError(
            f"RUN must be of images, but {trained.folder} is of dataset={trained.config.dataset.name}, whose units are "
            "not pruned. Name another."
        )
    unit = trained.model
    if not isinstance(unit, ConvNet):
        raise UserError(
            f"RUN must have convolutions, but {trained.folder} has dense layers, whose units are not pruned. "
            "Name another."
        )
    if not units_of(unit):
        raise UserError(
            f"RUN must be of a unit, but {trained.folder} is a baseline: it has no gates to prune. Name another."
        )
    described = trained.config.mgu
    if not described or not described.is_paper:
        raise UserError(f"RUN must be of the paper's unit, but {trained.folder} has other paths. Name another.")
    return unit


def choosing_splits(trained: TrainedRun) -> tuple[Splits, str]:
    """What pruning trains on, what it chooses by and what it only looks at in the end; and the second in words.

    With split: paper the test images validated the run, and must not choose: a tenth of the training images does.
    """
    if trained.splits.test is not None:
        return trained.splits, "the run's validation images"
    return (
        split_holdout(trained.splits.train, trained.splits.val),
        "a tenth of the training images, which the unit was trained on: that flatters the unit, not what is pruned. "
        "Train with dataset.split=holdout to choose by images that neither has seen",
    )


def _search_and_tune(trained: TrainedRun, splits: Splits, config: PruneConfig, image: Tensor, tell: Tell) -> _Path:
    model, result = trained.model, trained.result
    assert isinstance(model, ConvNet)
    steps_done = steps_of(trained.config, result.best_epoch or 0, len(trained.splits.train))
    reference = accuracy_of(model, splits.val)
    tell(f"the unit: {100 * reference:.2f} % on {len(splits.val)} images to choose by")
    meter = build_meter(trained.config.energy, splits.val.device)
    candidates: list[Candidate] = []
    accuracies: list[float] = []
    with ContentionMonitor() as monitor, meter:
        started = time.perf_counter()
        torch.manual_seed(trained.config.seed)  # of dropout
        tuning = Tuning(
            trained.experiment, splits, steps_done, config, model, lambda name, fit: tell(_epoch_line(name, fit))
        )
        work = copy.deepcopy(model)  # stepwise trains what it prunes
        search = (
            by_threshold(work, splits.val, config)
            if config.method == "threshold"
            else by_steps(work, splits.train, config, tuning.some_batches)
        )
        for candidate in search:
            candidates.append(candidate)
            accuracies.append(accuracy_of(candidate.model, splits.val))
            tell(f"{candidate.name}: {100 * accuracies[-1]:.2f} %")
        searched = time.perf_counter()
        whole = Candidate("no gate fixed", {}, work if not candidates else copy.deepcopy(model))
        if candidates and config.epochs:
            tell(f"fine-tuning the smallest for at most {config.epochs} epochs")
        choice = choose(candidates or [whole], accuracies or [reference], reference, splits.val, image, config, tuning)
        tuned = time.perf_counter()
    for name, accuracy in choice.tuned.items():
        tell(f"{name}, fine-tuned: {100 * accuracy:.2f} %")
    return _Path(candidates, accuracies, choice, searched - started, tuned - searched, meter.energy, monitor.contended)


def _epoch_line(name: str, fit: Fit) -> str:
    row = fit.history[-1]
    best = fit.history[(fit.best_epoch or 1) - 1]
    return f"{name}, epoch {row['epoch']}: {100 * row['val_accuracy']:.2f} %, best {100 * best['val_accuracy']:.2f} %"


def _final_models(
    unit: ConvNet, pruned: ConvNet, images: Data, image: Tensor, form: Format | None
) -> tuple[dict[str, _Model], bytes | None]:
    """Unpruned, pruned, converted, exported: each held against the one before it; and the content of the export."""
    pruned.eval()
    here = image.device
    models = {"unit": _Model(by_itself(unit, here)), "pruned": _Model(by_itself(pruned, here))}
    expected = logits_of(pruned, images)
    converted = convert(pruned)
    found = logits_of(converted, images)
    models["converted"] = _Model(by_itself(converted, here), check_equal("converted", found, expected))
    content = None
    if form:
        content, infer = export(converted, image, form)
        name, where = ("torch.export", here) if form == "torch" else ("ONNX Runtime, CPU", torch.device("cpu"))
        models[name] = _Model(Subject(converted, infer, where), check_equal(name, logits_of(infer, images), found))
    return models, content


def _measure_points(trained: TrainedRun, path: _Path, image: Tensor) -> list[Point]:
    converted = {each.name: convert(each.model) for each in path.candidates}
    subjects = {name: by_itself(net, image.device) for name, net in converted.items()}
    costs = measure(subjects, image, trained.config.energy)
    return [
        Point(
            name=each.name,
            gates_fixed=len(each.decisions),
            accuracy=accuracy,
            tuned=path.choice.tuned.get(each.name),
            cost=costs[each.name],
        )
        for each, accuracy in zip(path.candidates, path.accuracies, strict=True)
    ]


def _labels(data: Data) -> Tensor:
    assert isinstance(data, Images)  # run_pruning saw to it
    return data.labels.cpu()


def _row(name: str, model: _Model, cost: Cost, splits: Splits, is_trained: bool) -> Row:
    assert splits.test is not None
    accuracies = [
        float((logits_of(model.subject.infer, images).argmax(dim=1) == _labels(images)).double().mean())
        if is_trained
        else None
        for images in (splits.val, splits.test)
    ]
    return Row(name=name, accuracy=accuracies[0], test=accuracies[1], cost=cost, difference=model.difference)
