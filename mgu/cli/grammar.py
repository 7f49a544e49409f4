"""Hydra's grammar of overrides, as search strategies need it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from mgu.cli.hydra_errors import translate_error
from mgu.errors import UserError


class HydraGrammar:
    """Reads overrides with Hydra's own parser.

    Args:
        loader: Hydra's loader of configurations, for the parser looks at the configuration groups.
    """

    def __init__(self, loader: ConfigLoader) -> None:
        self._parser = OverridesParser.create(config_loader=loader)

    def keys(self, overrides: Sequence[str]) -> list[str]:
        """Returns the key or group of each override; raises UserError for several experiments."""
        parsed = self._parse(overrides)
        if any(override.key_or_group == "experiment" and override.is_sweep_override() for override in parsed):
            raise UserError("experiment must be one, for each has its own grids, but got several. Sweep them in turn.")
        return [override.key_or_group for override in parsed]

    def expand(self, overrides: Sequence[str]) -> list[list[str]]:
        """Returns the product of all values; raises UserError for a sweep over an interval."""
        parsed = self._parse(overrides)
        try:
            return BasicSweeper.split_arguments(parsed, None)[0]
        except HydraException as error:
            raise UserError(translate_error(error, overrides)) from None

    def _parse(self, overrides: Sequence[str]) -> list[Any]:
        try:
            return self._parser.parse_overrides(list(overrides))
        except HydraException as error:
            raise UserError(translate_error(error, overrides)) from None


def quote(text: str) -> str:
    """Quotes a text for Hydra's grammar of overrides, whatever characters it has."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"
