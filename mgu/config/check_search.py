"""Checks the settings of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mgu.config.faults import describe_faults
from mgu.config.search import StudySettings
from mgu.errors import UserError


def check_study(values: Mapping[str, Any]) -> StudySettings:
    """Checks the settings of a study.

    Args:
        values: The resolved sections, by name.

    Returns:
        The checked settings.

    Raises:
        UserError: A value is not legal; its message lists every fault.
    """
    try:
        return StudySettings.model_validate(values)
    except ValidationError as error:
        raise UserError(describe_faults(error.errors(include_url=False))) from None
