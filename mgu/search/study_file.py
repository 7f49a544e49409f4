"""Reads what a study.yaml says, which may be anybody's: of a pack that was given away."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from mgu.results.on_disk.search_files import STUDY_FILE
from mgu.results.runs.searches import SearchFolder


class _Study(msgspec.Struct):
    """Holds what reports read of a study.yaml beside what it is identified by."""

    identity: str
    strategy: str
    seed: int
    space: dict[str, Any]
    data: list[str]
    budget: dict[str, Any]
    size: int | None = None
    unit: str = ""
    fingerprint: str | None = None


class _WithoutAliases(yaml.SafeLoader):
    """Refuses values that refer to others: no study.yaml has them, and a short text could stand for an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Returns the next value."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it refers to itself")
        return super().compose_node(parent, index)


def read_described(folder: SearchFolder) -> dict[str, Any]:
    """Reads what a study's study.yaml says.

    Args:
        folder: The study's folder.

    Returns:
        The values by key.

    Raises:
        OSError: There is no such file.
        ValueError: It cannot be read, or says something else.
        yaml.YAMLError: It is damaged.
    """
    described: dict[str, Any] = yaml.load(folder.read(STUDY_FILE), _WithoutAliases)
    msgspec.convert(described, _Study)
    return described
