"""The weights of a finished run as those that another one starts from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.resolved_run import ResolvedRun
from mgu.random_numbers.generators import keeping_states
from mgu.results.on_disk.file_names import RESULT_FILE, WEIGHTS_FILE
from mgu.results.on_disk.result_file import read_result
from mgu.results.on_disk.sealed import read_known
from mgu.text.nearest import did_you_mean

KEY = "training.start_from"
MOST_NAMED = 4  # tensors in one message


def take_pretrained(model: nn.Module, config: RunConfig) -> str | None:
    """Puts the weights of the run that is to be started from into a new model.

    Args:
        model: The model with its own initial weights.
        config: Says which run, and which parts of the model keep their own weights.

    Returns:
        What was taken and what was not, in words; None where the run starts from new weights.

    Raises:
        UserError: The weights are not there any more, or do not fit.
    """
    training = config.training
    if training.start_from is None:
        return None
    folder, new = Path(training.start_from), model.state_dict()
    skipped = [name for name in new if _is_below(name, training.start_except)]
    for part in training.start_except:
        if not any(_is_below(name, [part]) for name in new):
            parts = [part for part, _ in model.named_modules() if part]
            raise UserError(
                f"training.start_except must name parts of the model, but none is called {part}."
                f"{did_you_mean(part, parts) or ' It has ' + ', '.join(dict(model.named_children())) + '.'}"
            )
    saved = {name: value for name, value in _read(folder, config).items() if not _is_below(name, training.start_except)}
    wanted = {name: value for name, value in new.items() if name not in skipped}
    _check_fit(folder, saved, wanted)
    model.load_state_dict(saved, strict=False)
    left_out = f"; new: {_join(skipped)}" if skipped else ""
    return f"starts from the weights of {folder.name}: {len(saved)} of {len(new)} tensors{left_out}"


def check_pretrained(resolved: ResolvedRun) -> list[str]:
    """Checks before training that the weights to start from fit.

    Args:
        resolved: A run's configuration with its data.

    Returns:
        What will be taken, in words; [] where the run starts from new weights.

    Raises:
        UserError: The weights are not there any more, or do not fit.
    """
    if resolved.config.training.start_from is None:
        return []
    with keeping_states():
        note = take_pretrained(build_model(resolved), resolved.config)
    return [note] if note else []


def statistics_at_start(model: nn.Module, config: RunConfig) -> float | None:
    """Returns the share of their initial values that running statistics of batch norms had when training began.

    Args:
        model: The model, for its names.
        config: Says which run it was started from, and which parts of the model kept their own statistics.

    Returns:
        1 for new statistics, of any part; else what the weights of that run had, None where its result does not say.
    """
    training = config.training
    statistics = [name for name, _ in model.named_buffers() if name.endswith("running_mean")]
    if training.start_from is None or any(_is_below(name, training.start_except) for name in statistics):
        return 1.0
    try:
        return read_result(Path(training.start_from) / RESULT_FILE).statistics_left
    except (OSError, ValueError):  # it is gone meanwhile
        return None


def _is_below(name: str, parts: list[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _read(folder: Path, config: RunConfig) -> dict[str, Tensor]:
    path, sha256 = folder / WEIGHTS_FILE, config.training.start_sha256
    try:
        return load(read_known(path, {WEIGHTS_FILE: sha256} if sha256 else {}))
    except (OSError, ValueError, SafetensorError) as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else str(error).splitlines()[0]
        raise UserError(
            f"{KEY} must have the weights that the run was configured with, but {path} {reason}. Put them back, or "
            "train anew."
        ) from None


def _check_fit(folder: Path, saved: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raises UserError for weights of other names or shapes; where one part has them, it says how to go on."""
    unlike = [name for name in wanted if name not in saved or saved[name].shape != wanted[name].shape]
    unlike += [name for name in saved if name not in wanted]
    if not unlike:
        return
    told = [f"{name} is {_shape(saved.get(name))} there and {_shape(wanted.get(name))} here" for name in unlike]
    rest = f", and {len(told) - MOST_NAMED} more differ" if len(told) > MOST_NAMED else ""
    parts = {name.partition(".")[0] for name in unlike}
    advice = "Name a run of the same model."
    if len(parts) == 1 and 2 * len(unlike) < len(wanted):  # such as the readout, for other classes
        advice = f"Pass training.start_except=[{parts.pop()}] to give that part new weights."
    raise UserError(
        f"{KEY} must be a run of a model with the same weights, but of {folder.name} {', '.join(told[:MOST_NAMED])}"
        f"{rest}. {advice}"
    )


def _shape(value: Tensor | None) -> str:
    return "missing" if value is None else f"({', '.join(map(str, value.shape))})"


def _join(names: list[str]) -> str:
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more])
