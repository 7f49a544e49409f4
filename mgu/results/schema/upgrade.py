"""Configurations of earlier versions in the form of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def upgrade(values: Any) -> Any:
    """Returns stored values of a run as today's schema has them.

    The decay of the learning rate was a value of the optimizer before there were schedules.

    Args:
        values: The content of a config.yaml, or `config` of a result.json; what is neither is returned as it is.

    Returns:
        The values, with `schedule.decay` in the place of `optimizer.decay`.
    """
    optimizer = values.get("optimizer") if isinstance(values, Mapping) else None
    if not isinstance(optimizer, Mapping) or "decay" not in optimizer or "schedule" in values:
        return values
    left = {key: value for key, value in optimizer.items() if key != "decay"}
    schedule = {"name": "keras_decay", "warmup_epochs": 0.0, "decay": optimizer["decay"]}
    upgraded: dict[str, Any] = {}
    for key, value in values.items():
        upgraded |= {"optimizer": left, "schedule": schedule} if key == "optimizer" else {key: value}
    return upgraded
