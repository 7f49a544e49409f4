"""Hydra's grammar of overrides, as search strategies need it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, Quote, QuotedString, RangeSweep
from hydra.errors import HydraException

from mgu.cli.hydra_errors import translate_error
from mgu.cli.overrides import as_option
from mgu.errors import UserError

MAX_RUNS = 10_000  # of one sweep: each is composed and checked before the first is trained


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
        """Returns the product of all values; raises UserError for an interval, for no value and for too many."""
        parsed = self._parse([as_option(override) for override in overrides])  # grids have options, too
        _check_sizes(parsed)
        for override in parsed:
            _quote_again(override)
        try:
            return BasicSweeper.split_arguments(parsed, None)[0]
        except HydraException as error:
            raise UserError(translate_error(error, overrides)) from None

    def _parse(self, overrides: Sequence[str]) -> list[Any]:
        try:
            return self._parser.parse_overrides(list(overrides))
        except HydraException as error:
            raise UserError(translate_error(error, overrides)) from None


def _quote_again(override: Override) -> None:
    """Quotes what Hydra would hand on without the quotes that it needs, as ; of choice(";"), so that it is read back.

    Hydra's functions take the quotes away, and afterwards it escapes only some of the characters that need them. A text
    that is read back stays as it is written, for it is the name of a choice in studies.
    """
    value = override._value
    if isinstance(value, ChoiceSweep):
        value.list = [_quote_if_needed(each) for each in value.list]
    elif isinstance(value, str):
        override._value = _quote_if_needed(value)


def _quote_if_needed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        word = f"x={Override._get_value_element_as_str(value)}"
        is_read_back = OverridesParser.create().parse_override(word)._value == value
    except HydraException:
        is_read_back = False
    return value if is_read_back else QuotedString(value, Quote.double)


def _check_sizes(parsed: Sequence[Override]) -> None:
    """Refuses a sweep that is empty, or larger than anybody waits for, before it is expanded."""
    num_runs = 1.0
    for override in parsed:
        if not override.is_sweep_override():
            continue
        key, typed = override.key_or_group, str(override.input_line).partition("=")[2]
        if not override.is_discrete_sweep():
            raise UserError(
                f"{key} must be values to sweep over, but {typed} has any number of them. List some, as in {key}=a,b"
            )
        size = _count_values(override)
        if size == 0:
            raise UserError(f"{key} must have a value in a sweep, but {typed} has none. Pass {key}=... with one value.")
        num_runs *= size
        if not num_runs <= MAX_RUNS:
            raise UserError(
                f"a sweep must have at most {MAX_RUNS:,} runs, but {key}={typed} makes it more. "
                "Sweep over fewer values."
            )


def _count_values(override: Override) -> float:
    """Returns the number of values of a sweep; infinity for a range without an end."""
    sweep = override.value()
    if not isinstance(sweep, RangeSweep):
        return sum(1 for _ in override.sweep_iterator())
    start, stop, step = sweep.start or 0, sweep.stop or 0, sweep.step
    if not all(map(math.isfinite, (start, stop, step))) or step == 0:
        return math.inf
    try:
        return max(0, math.ceil((stop - start) / step))
    except OverflowError:
        return math.inf
