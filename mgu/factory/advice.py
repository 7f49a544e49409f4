"""What a configuration does with so many training examples that its user would not expect."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mgu.config.datasets import NamedImagesConfig
from mgu.config.directed import DirectedLayoutConfig
from mgu.config.layouts import LayoutConfig, RecurrentLayoutConfig
from mgu.config.run import RunConfig
from mgu.factory.option_advice import advise_options
from mgu.machine import count_cores
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import SETTLED
from mgu.text.agree import agree

TINY = 0.25  # of training.batch_size: a last batch below it is announced
ENOUGH_EXAMPLES = 4096  # for statistics of batch norms
LONGEST = 2.0  # of a step, in times of decay: |1 - dt leak| is 1
WITH_DIGITS = ("digits", "mnist")
TORCH_MOMENTUM = 0.1  # https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html


def advise(config: RunConfig, num_examples: int) -> list[str]:
    """Describes small batches, unsettled statistics, mirrored digits, what grows, many threads, misspelt options.

    Args:
        config: The configuration of a run.
        num_examples: Number of its training examples.

    Returns:
        Messages, each with overrides to pass; none for most runs.
    """
    messages = [_describe_last_batch(config, num_examples), *_describe_batch_norm(config, num_examples)]
    messages += [_describe_flip(config), _describe_recurrence(config), _describe_overshoot(config)]
    messages += [_describe_threads(config), *advise_options(config)]
    return [message for message in messages if message]


def advise_kept(config: RunConfig, num_examples: int, epochs: int, best_epoch: int | None) -> str:
    """Describes running statistics that have not settled in the weights that a run kept, for patience chose early ones.

    Args:
        config: The configuration of a run that has ended.
        num_examples: Number of its training examples.
        epochs: Number of epochs that it trained.
        best_epoch: The one that its weights are of; None without any.

    Returns:
        A message with overrides to pass. Empty for most runs, and where `training.stop_after` stopped it for now, it
        began with trained weights, which come with statistics, or `advise` has said it before.
    """
    training, per_epoch = config.training, config.training.steps_per_epoch(num_examples)
    if best_epoch is None or epochs == training.epochs_now < training.epochs or training.start_sha256:
        return ""
    if is_unsettled(config, num_examples, training.epochs):
        return ""
    steps = per_epoch * best_epoch
    when = f"in the weights that are kept, of epoch {best_epoch} after {steps} {agree(steps, 'step', 'steps')}"
    return _describe_unsettled(config, steps, when, "a larger training.patience")


def is_unsettled(config: RunConfig, num_examples: int, epochs: int | None) -> bool:
    """Tells whether running statistics of batch norms, initial at first, keep much of that after some epochs.

    Args:
        config: The configuration of a run.
        num_examples: Number of its training examples.
        epochs: Epochs that it trained; None for none.

    Returns:
        Whether its evaluations are by such statistics.
    """
    return (statistics_left(config, num_examples, epochs) or 0) > SETTLED


def statistics_left(
    config: RunConfig, num_examples: int, epochs: int | None, at_start: float | None = 1.0
) -> float | None:
    """Computes the share of their initial values that running statistics of batch norms keep after some epochs.

    Args:
        config: The configuration of a run.
        num_examples: Number of its training examples.
        epochs: Epochs that it trained; None for none.
        at_start: The share that it started with, see mgu/factory/pretrained.py; None: not known.

    Returns:
        The share; 0 where `training.precise_bn` computes them anew. None without batch norm, without an epoch, and
        where it is not known.
    """
    if epochs is None or not _batch_norm(config)[0]:
        return None
    left = _share_left(config, config.training.steps_per_epoch(num_examples) * epochs)
    return None if at_start is None and left else left * (at_start or 0.0)


def advise_collapsed(judged: Metrics | None, names: Sequence[str] | None, unsettled: bool = False) -> str:
    """Describes a network that names one class for every example, whose accuracy may look good all the same.

    Args:
        judged: Its metrics on the data that judge it.
        names: Names of the classes; None where they are not known.
        unsettled: Whether it was judged by running statistics that have not settled, which is reason enough.

    Returns:
        A message with overrides to pass; empty for others, and where there is no confusion matrix.
    """
    confusion = judged.confusion if judged else None
    if judged is None or confusion is None or sum(any(row) for row in confusion) < 2:
        return ""
    predicted = [sum(column) for column in zip(*confusion, strict=True)]
    total = sum(predicted)
    if max(predicted) < total:
        return ""
    index = predicted.index(total)
    name = names[index] if names else str(index)
    remedy = (
        "Pass a smaller optimizer.lr, a larger training.patience, or for a rare class "
        "dataset.class_weights=balanced or training.score=macro_f1."
    )
    if unsettled:
        remedy = f"Running statistics that lag behind its weights judge it. Pass training.precise_bn={ENOUGH_EXAMPLES}."
    return (
        f"the network names class {name} for each of the {total:,} examples that judge it, and is right for "
        f"{judged.accuracy:.2%} of them. {remedy}"
    )


def _describe_last_batch(config: RunConfig, num_examples: int) -> str:
    """Describes a last batch that is far smaller than the others."""
    training = config.training
    left = num_examples % training.batch_size
    if training.has_even_batches or num_examples < training.batch_size or not 0 < left < TINY * training.batch_size:
        return ""
    return (
        f"the last batch of every epoch has {left} of {training.batch_size} examples, a noisy step of full size right "
        "before validation. Pass training.last_batch=even to spread the examples over equal batches."
    )


def _describe_batch_norm(config: RunConfig, num_examples: int) -> list[str]:
    """Describes running statistics that keep much of their initial values, and batches of a single value."""
    key, _ = _batch_norm(config)
    if not key:
        return []
    per_epoch, training = config.training.steps_per_epoch(num_examples), config.training
    steps, steps_now = per_epoch * training.epochs, per_epoch * training.epochs_now
    when = f"after {agree(steps, 'the one step', f'all {steps} steps')}"
    unsettled = _describe_unsettled(config, steps, when, "train longer")
    if not unsettled and steps_now < steps:  # a rung of a search, which judges what is stopped
        when = f"after the {steps_now} {agree(steps_now, 'step', 'steps')} at which training stops for now"
        unsettled = _describe_unsettled(config, steps_now, when, "stop later")
    messages = [unsettled] if unsettled else []
    smallest = 0 if config.training.has_even_batches else num_examples % config.training.batch_size
    if min(config.training.batch_size, smallest or num_examples) == 1 and not isinstance(config.layout, LayoutConfig):
        messages.append(
            "batch norm gets batches of one example, whose variance is 0 and which teach it nothing. "
            "Pass a larger training.batch_size and training.last_batch=even."
        )
    return messages


def _share_left(config: RunConfig, steps: int) -> float:
    """Returns the share of their initial values that running statistics keep after some steps; 0 where none judge."""
    key, momentum = _batch_norm(config)
    return (1 - momentum) ** steps if key and not config.training.precise_bn else 0.0


def _describe_unsettled(config: RunConfig, steps: int, when: str, remedy: str) -> str:
    """Describes running statistics that keep much of their initial values after some steps; empty where they do not."""
    key, _ = _batch_norm(config)
    left = _share_left(config, steps)
    if left <= SETTLED:
        return ""
    enough = max(TORCH_MOMENTUM, math.ceil(100 * (1 - SETTLED ** (1 / steps))) / 100)
    return (
        f"batch norm's running statistics keep {left:.0%} of their initial values {when}, so evaluations compute "
        f"another network than training does. Pass training.precise_bn={ENOUGH_EXAMPLES} to compute them anew, or "
        f"{key}={enough:g}, or {remedy}."
    )


def _describe_flip(config: RunConfig) -> str:
    """Describes flips of images that are something else in a mirror."""
    dataset, augment = config.dataset, config.augment
    if not (augment and augment.flip and isinstance(dataset, NamedImagesConfig) and dataset.name in WITH_DIGITS):
        return ""
    return (
        f"augment={augment.name} mirrors {augment.flip:.0%} of the training images, but digits in a mirror are no "
        "digits, or others. Pass augment.flip=0."
    )


def _describe_recurrence(config: RunConfig) -> str:
    """Describes states that grow with every step, of which nothing keeps the gradients small."""
    layout = config.layout
    if not (isinstance(layout, RecurrentLayoutConfig) and layout.cell == "relu") or config.training.clip_norm:
        return ""
    return (
        "the gradients of recurrent layers with ReLU grow with every step of a sequence and can explode. "
        "Pass training.clip_norm=1."
    )


def _describe_overshoot(config: RunConfig) -> str:
    """Describes steps of a directed network that are longer than twice the time in which a state decays."""
    layout = config.layout
    if not isinstance(layout, DirectedLayoutConfig):
        return ""
    strength = config.learning.strength if config.learning else 0.0  # an output is drawn to its target as if by a leak
    loss = layout.leak + strength
    if layout.dt * loss < LONGEST:
        return ""
    nudging = f" and learning.strength={strength:g}" if strength else ""
    return (
        f"steps of layout.dt={layout.dt:g} overshoot: layout.leak={layout.leak:g}{nudging} take off "
        f"{layout.dt * loss:g} times what a state is away from its rest, and from {LONGEST:g} on it swings ever wider, "
        f"until it is clipped. Pass layout.dt={1 / (2 * loss):.2g}."
    )


def _describe_threads(config: RunConfig) -> str:
    """Describes threads that wait for one another; the machine that plans a run may be another than trains it."""
    if (config.threads or 1) <= (cores := count_cores()):
        return ""
    processors = "1 processor" if cores == 1 else f"{cores} processors"
    return (
        f"threads={config.threads} are more than the {processors} that this process may use: "
        f"they wait for one another, which can take many times as long. Pass threads={cores} where it is trained here."
    )


def _batch_norm(config: RunConfig) -> tuple[str, float]:
    """Returns the key and the value of batch norm's momentum; an empty key where the model has no batch norm."""
    if config.norm:
        return ("norm.momentum" if config.norm.name.startswith("bn") else ""), config.norm.momentum
    if not config.mgu:
        return "", 0.0
    steps = {step.kind for processor in config.mgu.described.processors.values() for step in processor}
    has_batch_norm = bool(steps & {"batch_norm", "switchable_norm"}) or config.mgu.bypass in ("projection", "identity")
    return ("mgu.bn_momentum" if has_batch_norm else ""), config.mgu.bn_momentum
