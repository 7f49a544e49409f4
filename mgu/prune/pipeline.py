"""From a trained run to a plain network on disk: search, choose, convert, export, measure, write."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mgu.config.prune import PruneConfig
from mgu.export.description import describe_export
from mgu.export.network import Format
from mgu.export.own_layers import check_own_layers
from mgu.factory.advice import advise_collapsed
from mgu.factory.imported import section_of
from mgu.factory.trained import TrainedRun
from mgu.factory.unchanged import check_unchanged
from mgu.measure.contention import ContentionMonitor
from mgu.prune.baseline import find_baselines
from mgu.prune.benchmark import as_subject, benchmark
from mgu.prune.figure import PICTURE_FILE, draw_curve
from mgu.prune.flops import flop_counter_of, iterations_of
from mgu.prune.inputs import check_kind, choosing_splits, name_examples, unit_of
from mgu.prune.network import Network, decisions_to_json, undecided_gates
from mgu.prune.outcome import (
    CONVERTED_FILE,
    EXPORT_FILES,
    OUTCOME_FILE,
    PRUNED_FILE,
    ModelRow,
    Point,
    PruneOutcome,
    write_outcome,
)
from mgu.prune.search import SearchResult, Tell, search
from mgu.prune.variants import Variant, build_variants, evaluate_variant, measure_candidates
from mgu.results.on_disk.file_names import PRUNE_FOLDER
from mgu.results.on_disk.files import make_folder, replacing
from mgu.results.on_disk.sealed import digest_files
from mgu.results.schema.result import Result
from mgu.run.checkpoint import save_weights

NEW_FOLDER = ".new"  # of files that are not whole yet, in prune/ of the run


def run_pruning(trained: TrainedRun, config: PruneConfig, form: Format | None, tell: Tell) -> tuple[PruneOutcome, Path]:
    """Prunes a trained unit and writes everything to the folder prune/ of its run.

    Until everything is measured and written, the files of an earlier call stay as they are.

    Args:
        trained: The run of the unit.
        config: Settings of pruning.
        form: The format of an export; None for no export.
        tell: Function that prints a line of progress.

    Returns:
        The outcome and the folder.

    Raises:
        UserError: The run is not of a unit that classifies, or the folder cannot be written.
        RunsFailed: A conversion is not exact.
    """
    unit = unit_of(trained)
    check_unchanged(trained)
    if form:
        check_kind(trained, form)  # before hours of training: both raise UserError for what cannot be exported
        about = describe_export(trained, form)
        check_own_layers(trained, unit, form, about)
        tell(f"the exported file takes {about['input_type']} {about['input']}; preprocessing {about['preprocessing']}")
    if of_user := section_of(trained.config.layout):
        tell(f"layers of {of_user[1].target} stay as they are: only torch's own are merged and take batch norms in")
    if warning := warning_of(trained.result):
        tell(warning)
    folder = trained.folder / PRUNE_FOLDER
    make_folder(folder, "prune/ of the run", "See to its permissions, before hours of training.")
    splits, chosen_on = choosing_splits(trained)
    example, count_flops = splits.train.batch(slice(0, 1))[0], flop_counter_of(trained)
    searched = search(trained, splits, config, count_flops, tell)
    variants, exported = build_variants(trained, unit, searched.choice.candidate.model, splits.val, form)
    baselines = find_baselines(trained)
    every = variants | {name: Variant(as_subject(net, example)) for name, (net, _) in baselines.items()}
    tell("measuring side by side")
    with ContentionMonitor() as contention:
        points = measure_candidates(searched, example, count_flops, trained.config.energy)
        costs = benchmark({name: each.subject for name, each in every.items()}, count_flops, trained.config.energy)
    untrained = {name for name, (_, result) in baselines.items() if result is None}
    rows = [
        evaluate_variant(name, each, costs[name], splits, trained.config.score, is_trained=name not in untrained)
        for name, each in every.items()
    ]
    outcome = _outcome(trained, unit, config, chosen_on, searched, (rows, points), contention.contended)
    return _write(folder, outcome, variants, (form, exported) if form and exported else None), folder


def warning_of(result: Result) -> str | None:
    """Returns what speaks against a unit before it is pruned: that it names one class for every example."""
    collapsed = advise_collapsed(result.test or result.val, result.classes, result.is_unsettled)
    return f"The unit is no better than a guess: {collapsed}" if collapsed else None


def _outcome(
    trained: TrainedRun,
    unit: Network,
    config: PruneConfig,
    chosen_on: str,
    searched: SearchResult,
    measured: tuple[list[ModelRow], list[Point]],
    contended: bool,
) -> PruneOutcome:
    """Gathers what pruning chose, measured and spent."""
    candidate, spent = searched.choice.candidate, trained.result.seconds
    return PruneOutcome(
        run=trained.result.name,
        identity=trained.result.identity,
        settings=config.model_dump(),
        chosen_on=chosen_on,
        gates=len(undecided_gates(unit, {})),
        chosen=candidate.name,
        within=searched.choice.within,
        decisions=decisions_to_json(candidate.decisions),
        examples=name_examples(trained.config.dataset),
        kept=tuple(map(str, undecided_gates(unit, candidate.decisions))),
        rows=measured[0],
        points=measured[1],
        search_s=searched.search_s,
        tune_s=searched.tune_s,
        energy=searched.energy,
        train_s=spent.to_solution if spent else None,
        energy_of_training=trained.result.energy,
        contended=searched.contended or contended,
        device=trained.resolved.device_name,
        iterations=iterations_of(trained),
        score=trained.config.score.metric,
        warning=warning_of(trained.result),
    )


def _write(
    folder: Path, outcome: PruneOutcome, variants: dict[str, Variant], exported: tuple[Format, bytes] | None
) -> PruneOutcome:
    """Writes all files, then puts them in the place of those of an earlier call; returns prune.json with checksums."""
    new, written = folder / NEW_FOLDER, {PRUNED_FILE: "pruned", CONVERTED_FILE: "converted"}
    shutil.rmtree(new, ignore_errors=True)  # of a call that was killed
    new.mkdir()
    try:
        for file, name in written.items():
            save_weights(new, variants[name].subject.module.state_dict(), file)
        if exported:
            form, content = exported
            with replacing(new / EXPORT_FILES[form]) as temporary:
                temporary.write_bytes(content)
            written[EXPORT_FILES[form]] = form
        draw_curve(outcome, new / PICTURE_FILE)
        outcome = msgspec.structs.replace(outcome, files=digest_files(new, written))
        write_outcome(new, outcome)
        _take_place(new, folder, (PICTURE_FILE, *written))
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return outcome


def _take_place(new: Path, folder: Path, names: Iterable[str]) -> None:
    """Moves new files to the place of earlier ones: prune.json, which fits the others, is the last."""
    for stale in (OUTCOME_FILE, PICTURE_FILE, *EXPORT_FILES.values()):
        (folder / stale).unlink(missing_ok=True)
    for name in (*names, OUTCOME_FILE):
        (new / name).replace(folder / name)
