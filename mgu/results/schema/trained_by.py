"""By what a part of a run was trained: device, versions and commit."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from mgu.results.schema.parts import Number, Record, about


class TrainedBy(Record, frozen=True):
    """Holds by what a call that was interrupted trained a run; all but `epochs` are empty where that is not known."""

    epochs: Annotated[Number, about("Epochs that the run had after that call.")]
    device: Annotated[str | None, about("Processor or GPU that trained.")] = None
    versions: Annotated[dict[str, str], about("Versions of Python and of the libraries, by name.")] = msgspec.field(
        default_factory=dict
    )
    git_commit: Annotated[str | None, about("Commit of the checkout.")] = None

    @property
    def is_known(self) -> bool:
        """Whether the checkpoint said by what it was trained."""
        return bool(self.versions)


def describe_changes(before: TrainedBy, now: TrainedBy) -> str:
    """Describes by what a run is trained otherwise than it was.

    Args:
        before: By what its last epochs were trained.
        now: By what the next ones will be.

    Returns:
        Words such as "torch 2.14.0, now 2.15.0"; empty if nothing has changed.
    """
    if not before.is_known:
        return "an earlier version of mgu, which did not write down which"
    changes = {
        name: (before.versions.get(name), now.versions.get(name))
        for name in sorted({*before.versions, *now.versions})
        if name in before.versions and name in now.versions  # else it was only imported by one of them
    }
    if before.git_commit and now.git_commit:
        changes["commit"] = (before.git_commit, now.git_commit)
    changes["device"] = (_name_of(before.device), _name_of(now.device))
    return ", ".join(
        f"{name} {_short(name, old)}, now {_short(name, new)}" for name, (old, new) in changes.items() if old != new
    )


def differs(before: TrainedBy, now: TrainedBy) -> bool:
    """Tells whether a run is trained by something else than it was.

    Args:
        before: By what it was trained.
        now: By what it is trained.

    Returns:
        Whether something has changed.
    """
    return bool(describe_changes(before, now))


def _name_of(device: str | None) -> str | None:
    """Returns a device without its number of threads, which changes how numbers are rounded, and that of a GPU."""
    return device and re.sub(r", \d+ threads?(?=\)$)|(?<=^cuda):\d+", "", device)


def _short(name: str, value: str | None) -> str:
    if value is None:
        return "unknown"
    return value[:8] + "+" * value.endswith("+") if name == "commit" else value
