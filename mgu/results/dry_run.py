"""The outcome of `mgu-run check`: what a run would do, tried on two batches."""

from __future__ import annotations

import msgspec


class DryRun(msgspec.Struct, frozen=True):
    """Holds what a dry run brought out; nothing of it is written to disk.

    Attributes:
        name: Name that the run would have.
        identity: Its identity.
        device: Description of the device.
        data: Name of the data set as reports have it.
        task: What is learned.
        examples: Number of examples by part: train, val, test.
        input_shape: Shape of one input.
        num_outputs: Numbers that the model returns for an example.
        num_classes: Number of classes; None where it does not classify.
        params: Trainable parameters.
        flops: Floating-point operations of one example's forward pass; None where they cannot be counted.
        losses: Loss of the first two training batches.
        val_loss: Loss of the evaluated batch.
        step_s: Seconds of a training step, measured: the median of the steps after the first.
        timed_steps: Number of these steps.
        evaluate_s: Seconds of the evaluated batch, measured.
        run_s: Estimate of the seconds that all epochs take.
        notes: What the user should know.
    """

    name: str
    identity: str
    device: str
    data: str
    task: str
    examples: dict[str, int]
    input_shape: list[int]
    num_outputs: int
    num_classes: int | None
    params: int
    flops: int | None
    losses: list[float]
    val_loss: float
    step_s: float
    timed_steps: int
    evaluate_s: float
    run_s: float
    notes: list[str]
