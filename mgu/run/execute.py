"""One run, from its configuration to its result.json, in a process of its own.

`run` reads from top to bottom: set up, build or continue, train, evaluate, explain, record. What is special to a kind
of network is in network_facts.py. It reports its progress by `send`: see mgu/results/events.py for the events.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mgu.config.run import RunConfig
from mgu.data.dataset import Dataset
from mgu.errors import UserError
from mgu.factory.advice import advise_collapsed, advise_kept, statistics_left
from mgu.factory.device import find_device
from mgu.factory.pretrained import statistics_at_start
from mgu.factory.resolved_run import resolve
from mgu.measure.cost_meter import CostMeter
from mgu.measure.gpu_reader import open_gpu
from mgu.measure.slot import ALONE, Slot
from mgu.measure.stopwatch import Stopwatch
from mgu.measure.utilisation_meter import UtilisationMeter
from mgu.results.events import Send
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, LOG_FILE
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.record import make_result, trained_by
from mgu.results.on_disk.result_file import write_result
from mgu.results.on_disk.sealed import digest_files
from mgu.results.schema.result import SETTLED, Result
from mgu.results.schema.trained_by import differs
from mgu.run.evaluate_splits import count_classes, evaluate_splits, name_classes
from mgu.run.log import log_to, send_note
from mgu.run.network_facts import explain_network, measure_network, sum_up_solver
from mgu.run.run_files import KNOWN_FILES, clear, save_best
from mgu.run.set_up import set_up
from mgu.run.training import TrainingFailed, begin_or_continue, failing_after, train

log = logging.getLogger("mgu")


def run(
    config: RunConfig, send: Send = lambda event: None, slot: Slot = ALONE, dataset: Dataset | None = None
) -> Result:
    """Trains one run, or continues it, and leaves its result in its folder.

    An exception in training becomes a result with status "failed".

    Args:
        config: The run; its folder must exist, and the caller must hold its lock.
        send: Takes the events of the run.
        slot: The run's place among runs that this process trains at once.
        dataset: The configured data set, where several runs share it.

    Returns:
        The result, as it is written to result.json.

    Raises:
        UserError: The configuration, the data or the machine must be put right by the user.
    """
    folder = run_folder(config)
    for torn in folder.glob(".*.part"):  # of a process that was killed while it wrote
        torn.unlink(missing_ok=True)
    with log_to(folder / LOG_FILE):
        try:
            result = _train_and_evaluate(config, folder, send, slot, dataset)
        except UserError:  # is no outcome of the model
            raise
        except TrainingFailed as failure:
            log.exception("the run failed")
            result = _failed(config, failure.cause, failure.cost.as_fields() | {"epochs": failure.epochs})
        except Exception as error:
            log.exception("the run failed")
            result = _failed(config, error, {})
    result = replace(result, files=digest_files(folder, KNOWN_FILES))
    write_result(folder, result)
    if result.status != "failed" and not result.is_stopped:  # a failed run may continue from here, too
        (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    return result


@contextmanager
def _stopping(utilisation: UtilisationMeter | None) -> Iterator[None]:
    """Ends the measurement of utilisation also where the run is refused before anything else is measured."""
    try:
        yield
    finally:
        if utilisation:
            utilisation.stop()


def _train_and_evaluate(config: RunConfig, folder: Path, send: Send, slot: Slot, dataset: Dataset | None) -> Result:
    """Implements `run`; exceptions propagate. Raises TrainingFailed for one in training or after it."""
    device = find_device(config.device)
    stopwatch = Stopwatch(slot.now, device)
    utilisation = UtilisationMeter(config.energy.period_s, open_gpu(device)) if slot is ALONE else None
    with _stopping(utilisation), CostMeter(config.energy, device, slot, stopwatch, utilisation) as cost:
        resolved = resolve(config, dataset)
        set_up(resolved, send)
        log.info("%s on %s, %d training examples", config.name, resolved.device_name, len(resolved.splits.train))
        # Only now, for nothing can be wrong with the user's input any more.
        send_note(clear(config, folder), send)
        if utilisation:
            utilisation.begin(folder)
        now = trained_by(resolved.device_name)  # takes 0.1 s, which is none of the model's
        cost.end_setup()
        start = begin_or_continue(resolved, folder, now, send)
        learner, cost.earlier = start.learner, start.cost
        cost.lap("build")
        outcome = train(resolved, folder, start, cost, slot, send)
        cost.lap("train")
        cost.begin_evaluation()
        with failing_after(outcome, lambda: cost.so_far):
            batch_size = config.training.eval_batch_size
            scores, correct = evaluate_splits(learner, outcome.best_weights, resolved.splits, batch_size)
            cost.lap("evaluate")
            solver = sum_up_solver(learner, outcome, send)
            if scores:
                explain_network(resolved, learner.model, solver, folder)
        cost.lap("explain")
    classes = name_classes(resolved)
    num_examples = len(resolved.splits.train)
    at_start = statistics_at_start(learner.model, config)
    left = statistics_left(config, num_examples, outcome.best_epoch, at_start)
    send_note(advise_collapsed(scores.get("test") or scores.get("val"), classes, (left or 0.0) > SETTLED), send)
    send_note(advise_kept(config, num_examples, len(outcome.history), outcome.best_epoch), send)
    with failing_after(outcome, lambda: cost.total):
        save_best(resolved, folder, outcome, correct)
        return make_result(
            config,
            outcome.status,
            solver=solver,
            num_classes=count_classes(learner.task),
            classes=classes,
            epochs=len(outcome.history),
            best_epoch=outcome.best_epoch,
            statistics_left=left,
            earlier_parts=list(start.earlier) if any(differs(part, now) for part in start.earlier) else [],
            device=resolved.device_name,
            **cost.total.as_fields(),
            **scores,
            **measure_network(resolved, learner, solver),
        )


def _failed(config: RunConfig, error: Exception, cost: dict[str, Any]) -> Result:
    """Returns the record of a run that ended with an exception, and what it cost if training had begun."""
    return make_result(config, "failed", error="".join(traceback.format_exception_only(error)).strip(), **cost)
