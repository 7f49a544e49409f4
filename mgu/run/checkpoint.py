"""Checkpoints: save and restore everything that training mutates, so that an interrupted run can continue.

On a CPU, a run that continues gives the same bits as one that was never interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import torch
from safetensors.torch import save

from mgu.config.run import RunConfig
from mgu.measure.cost import RunCost
from mgu.random_numbers.generators import get_states, set_states
from mgu.results.on_disk.file_names import (
    CHECKPOINT_FILE,
    HISTORY_FILE,
    LOAD_FILE,
    UNUSABLE_CHECKPOINT_FILE,
    WEIGHTS_FILE,
)
from mgu.results.on_disk.files import replacing
from mgu.results.schema.trained_by import TrainedBy
from mgu.train.learner import Learner
from mgu.train.loop import Fit

FORMAT = 2  # 1 had no checksum
CHUNK = 2**24  # bytes read at once
Generators = Mapping[str, torch.Generator]  # "shuffle", and "augment" where images are augmented
MARK = b"mgu checkpoint sha256:"  # followed by the checksum of all before the mark, at the end of the file


class Restored(NamedTuple):
    """Holds what a checkpoint says beside the state of the learner.

    Attributes:
        fit: Outcome of training so far.
        cost: The cost of all earlier parts of the run.
        parts: By what those parts were trained, in their order.
    """

    fit: Fit
    cost: RunCost
    parts: tuple[TrainedBy, ...]


def save_checkpoint(
    folder: Path,
    config: RunConfig,
    learner: Learner,
    generators: Generators,
    fit: Fit,
    cost: RunCost,
    parts: Sequence[TrainedBy],
) -> None:
    """Saves the state between two epochs, whole or not at all.

    Args:
        folder: The run's folder.
        config: Its identity guards against another run's checkpoint.
        learner: Its model, optimizer and schedule are saved.
        generators: Those that training draws from beside the global ones, by name.
        fit: Outcome of training so far.
        cost: The cost of the run so far, earlier parts included.
        parts: By what it was trained so far, in the order of its parts.
    """
    # Then the best weights are the model's and need no second copy.
    is_best_now = fit.best_epoch == len(fit.history) and learner.evaluates_as_trained
    content = {
        "format": FORMAT,
        "identity": config.identity,
        "energy": config.energy.enabled,
        "model": learner.model.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
        "schedule": learner.schedule.state_dict(),
        "average": learner.average and learner.average.state_dict(),
        "random": _random_state(generators),
        "history": fit.history,
        "best_epoch": fit.best_epoch,
        "best_weights": None if is_best_now else fit.best_weights,
        "spent": msgspec.to_builtins(cost),
        "parts": msgspec.to_builtins(parts),
    }
    with replacing(folder / CHECKPOINT_FILE) as temporary, temporary.open("wb") as file:
        try:
            hashing: Any = _Hashing(file)
            torch.save(content, hashing)
            file.write(MARK + hashing.sha256.digest())
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):  # what the system said: torch stumbles over it once more
                raise error.__context__ from None
            raise


def restore_checkpoint(folder: Path, config: RunConfig, learner: Learner, generators: Generators) -> Restored | None:
    """Puts `learner`, `generators` and the global ones into the state of the checkpoint.

    Args:
        folder: The run's folder.
        config: The run's configuration.
        learner: A newly built learner; its state is undefined after an exception.
        generators: As for `save_checkpoint`; the checkpoint must have the state of each.

    Returns:
        The outcome and the cost so far; None where there is no checkpoint.

    Raises:
        ValueError: The checkpoint cannot be used; the message says why.
    """
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    try:
        content = _read(path, config)
        learner.model.load_state_dict(content["model"])
        learner.optimizer.load_state_dict(content["optimizer"])
        learner.schedule.load_state_dict(content["schedule"])
        _set_random_state(content["random"], generators)
        cost = msgspec.convert(content["spent"], RunCost)
        best_epoch, history = content["best_epoch"], content["history"]
        if learner.average:
            learner.average.load_state_dict(content["average"])
        is_best_now = best_epoch == len(history) and learner.evaluates_as_trained
        best_weights = content["model"] if is_best_now else content["best_weights"]
        _check_history(history, best_epoch, best_weights)
        # Checkpoints had none before there was `earlier_parts` in results.
        parts = msgspec.convert(content.get("parts", [{"epochs": len(history)}]), tuple[TrainedBy, ...])
    except Exception as error:  # whatever torch makes of a file that is torn, foreign or of another version
        raise ValueError((str(error) or type(error).__name__).splitlines()[0]) from error
    if config.energy.enabled and not content["energy"]:
        raise ValueError("its energy was not measured")
    return Restored(Fit("ok", history, best_epoch, best_weights), cost, parts)


def save_weights(folder: Path, weights: dict[str, Any], name: str = WEIGHTS_FILE) -> None:
    """Saves weights by the names of the model's state dict.

    Args:
        folder: The run's folder.
        weights: The state dict, on any device.
        name: Name of the file.
    """
    tensors: dict[str, torch.Tensor] = {}
    for key, weight in weights.items():
        tensor = weight.contiguous().cpu()
        # Tied weights, as a network of the user's may have: safetensors refuses two names of one tensor.
        is_tied = any(tensor.numel() and tensor.data_ptr() == other.data_ptr() for other in tensors.values())
        tensors[key] = tensor.clone() if is_tied else tensor
    with replacing(folder / name) as temporary:
        temporary.write_bytes(save(tensors))  # its save_file would leave a file that only its owner may read


def set_aside(folder: Path) -> Path:
    """Renames an unusable checkpoint, so that it can be inspected.

    Args:
        folder: The run's folder; its history and load are removed, for it will not be continued.

    Returns:
        The new path.
    """
    for name in (HISTORY_FILE, LOAD_FILE):
        (folder / name).unlink(missing_ok=True)
    return (folder / CHECKPOINT_FILE).replace(folder / UNUSABLE_CHECKPOINT_FILE)


def _check_history(history: Any, best_epoch: Any, best_weights: Any) -> None:
    """Raises ValueError where epochs or the best weights are missing."""
    if not history or [row["epoch"] for row in history] != list(range(1, len(history) + 1)):
        raise ValueError("its history is not whole")
    if best_epoch is not None and not (1 <= best_epoch <= len(history) and best_weights):
        raise ValueError("its best epoch has no weights")


class _Hashing:
    """Passes what is written on to a file, and computes its checksum meanwhile."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256 = file, hashlib.sha256()

    def write(self, part: Any) -> int:
        self.sha256.update(part)
        return self.file.write(part)

    def flush(self) -> None:
        self.file.flush()


def _read(path: Path, config: RunConfig) -> dict[str, Any]:
    """Reads a checkpoint. Raises ValueError for one that is torn, of another run or of another version."""
    _check_digest(path)  # of every byte: torch looks at no checksum, and an archive's own are of its contents only
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if content["format"] != FORMAT or content["identity"] != config.identity:
        raise ValueError("it is of another run or another version")
    return content


def _check_digest(path: Path) -> None:
    """Raises ValueError for a file that does not end with its checksum."""
    length = len(MARK) + hashlib.sha256().digest_size
    if not path.is_file():
        raise ValueError("it is no plain file")
    with path.open("rb") as file:
        left, sha256 = path.stat().st_size - length, hashlib.sha256()
        while left > 0 and (part := file.read(min(left, CHUNK))):
            sha256.update(part)
            left -= len(part)
        end = file.read()
    if not end.startswith(MARK):
        raise ValueError("it has no checksum: it is torn, or of an earlier version")
    if end != MARK + sha256.digest():
        raise ValueError("its checksum is wrong")


def _random_state(generators: Generators) -> dict[str, Any]:
    """Returns the state of every generator that training draws from: the global ones, CUDA's, and those by name."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    by_name = {name: generator.get_state() for name, generator in generators.items()}
    return {**get_states(), "cuda": cuda, **by_name}


def _set_random_state(state: dict[str, Any], generators: Generators) -> None:
    """Puts the generators into a saved state; CUDA's only where there are as many devices as there were."""
    set_states(state)
    if state["cuda"] and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    for name, generator in generators.items():
        generator.set_state(state[name])
