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
        UserError: Nobody measures the second objective, or points have no runs that are asked for.
    """
    if space.measure is not None:
        return _check_measured(settings, space)
    if settings.search.second == "kwh" and not start.energy.enabled:
        raise UserError("search.second=kwh must go with energy.enabled=true, but energy is not measured. Add it.")


def _check_measured(settings: StudySettings, space: Space) -> None:
    given = {
        "search.second": None if "second" in space.tells else settings.search.second,
        "confirm.top": settings.confirm.top or None,
        "warm_start.folder": settings.warm_start.folder,
    }
    for key, value in given.items():
        if value is not None:
            more = ", and search.options.objectives" if key == "search.second" else ""
            raise UserError(
                f"{key} must be left out where points are measured and no runs are trained, as of space={space.name}, "
                f"but got {value}. Leave it out{more}."
            )
