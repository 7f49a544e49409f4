"""Refuses settings of a search that ask of its trials what they do not tell."""

from __future__ import annotations

from mgu.config.run import RunConfig
from mgu.config.search import StudySettings
from mgu.errors import UserError
from mgu.search.space import Space


def check_told(settings: StudySettings, space: Space, start: RunConfig) -> None:
    """Checks that trials tell what the settings of a search go by.

    Args:
        settings: The settings.
        space: The space.
        start: The configuration that the search starts from.

    Raises:
        UserError: Nobody measures the second objective.
    """
    second = settings.search.second
    if second is None:
        return
    if space.measure is not None and "second" not in space.tells:
        raise UserError(
            f"search.second must be left out where points are measured and no runs are trained, as of space="
            f"{space.name}, but got {second}. Leave it out, and search.options.objectives."
        )
    if second == "kwh" and space.measure is None and not start.energy.enabled:
        raise UserError("search.second=kwh must go with energy.enabled=true, but energy is not measured. Add it.")
