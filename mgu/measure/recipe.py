"""What of a configuration, beside data and model, decides how long an epoch takes. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Recipe = tuple[Any, ...]


def recipe_of(values: Mapping[str, Any]) -> Recipe:
    """Returns what runs must have in common for an epoch of one to tell how long an epoch of the other takes.

    Args:
        values: A run's configuration as JSON, also of an older version, which lacks keys.

    Returns:
        The values, to compare with those of other runs.
    """
    training, augment, unit = values.get("training", {}), values.get("augment") or {}, values.get("mgu") or {}
    decisive = unit.get("decisive") or {}
    return (
        training.get("batch_size"),
        training.get("precision", "float32"),
        training.get("ema") is not None,
        training.get("precise_bn"),
        training.get("clip_norm") is not None,
        values.get("optimizer", {}).get("name", "nadam"),
        tuple(sorted(augment.items())),
        *(values.get("engine", "auto"), values.get("step", "auto"), values.get("tf32", False)),
        values.get("threads"),
        values.get("dataset", {}).get("num_sampled"),
        bool(decisive.get("weight")) or decisive.get("gates", "free") != "free",  # a penalty watches every gate
    )
