"""A space whose parameters a YAML file lists, as conf/space/protocol.yaml and one of your own in DIR/space/.

kind: listed
name: protocol
parameters:
  optimizer.lr: {kind: float, low: 1e-4, high: 1e-2, log: true}
  training.batch_size: {kind: ordinal, choices: [16, 32, 64]}
  norm: {kind: categorical, choices: [ln, no_norm]}
  norm.eps: {kind: float, low: 1e-5, high: 1e-3, log: true, when: {norm: [ln]}}
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.factors import Factors
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Space, write_word
from mgu.search.spaces.context import SpaceContext
from mgu.text.nearest import did_you_mean

# By kind, the class of a parameter and the settings that it needs; `when` each may have, `log` those with bounds.
KINDS: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "categorical": (Categorical, ("choices",)),
    "ordinal": (Ordinal, ("choices",)),
    "int": (Int, ("low", "high")),
    "float": (Float, ("low", "high")),
    "factors": (Factors, ("product", "parts")),
}


def build_listed(settings: Mapping[str, Any], context: SpaceContext) -> Space:
    """Builds a space from the parameters that its settings list.

    Args:
        settings: `space.*` with `parameters` by name.
        context: The command line, whose keys are no parameters.

    Returns:
        The space.

    Raises:
        UserError: A parameter is not as it must be, or the command line sets it.
    """
    listed = settings.get("parameters")
    if not isinstance(listed, Mapping) or not listed:
        raise UserError(
            f"space.parameters must be parameters by name, but got {listed!r}. See docs/method/search.md for a file."
        )
    given = context.grammar.keys(context.overrides)
    for key, override in zip(given, context.overrides, strict=True):
        if key in listed:
            raise UserError(
                f"{key} must be left out, for space={settings.get('name')} searches it, but got {override}."
            )
    return Space(str(settings.get("name", "listed")), tuple(read_parameter(*item) for item in listed.items()))


def read_parameter(name: str, settings: Any) -> Parameter:
    """Reads one parameter.

    Args:
        name: Its name, which is the key that it sets.
        settings: Its kind and what that needs.

    Returns:
        The parameter.

    Raises:
        UserError: The settings are not as they must be.
    """
    values = dict(settings) if isinstance(settings, Mapping) else {}
    kind = values.pop("kind", None)
    if kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS) or f" As in {name}: {{kind: float, low: 0.1, high: 1.0}}."
        raise UserError(f"the parameter {name} must have kind {', '.join(KINDS)}, but got {settings!r}.{hint}")
    make, needed = KINDS[kind]
    allowed = {*needed, "when", *(("log",) if "low" in needed else ())}
    if missing := [key for key in needed if key not in values]:
        raise UserError(f"the parameter {name} of kind {kind} must have {' and '.join(missing)}, but got {settings!r}.")
    if unknown := [key for key in values if key not in allowed]:
        raise UserError(f"the parameter {name} must have {', '.join(sorted(allowed))} only, but got {unknown[0]}.")
    _check_values(name, kind, values)
    if "choices" in values:
        values["choices"] = tuple(tuple(each) if isinstance(each, list) else each for each in values["choices"])
    when = values.pop("when", None)
    parameter: Parameter = make(name=name, when=_read_condition(name, when), **values)
    return parameter


def _check_values(name: str, kind: str, values: Mapping[str, Any]) -> None:
    """Raises UserError where the values of a parameter cannot be those of its kind."""
    if "choices" in values and (not isinstance(values["choices"], list) or not values["choices"]):
        raise UserError(f"choices of {name} must be a list that is not empty, but got {values['choices']!r}.")
    if twice := next((each for each, n in Counter(map(_spell, values.get("choices", ()))).items() if n > 1), None):
        raise UserError(f"choices of {name} must be different, but got {twice} twice. Leave one out.")
    if "low" in values:
        numbers = (values["low"], values["high"])
        is_number = all(isinstance(each, int | float) and abs(each) <= sys.float_info.max for each in numbers)
        if not is_number or numbers[0] > numbers[1]:
            raise UserError(f"low and high of {name} must be numbers with low <= high, but got {numbers}.")
        if kind == "int" and not all(isinstance(each, int) for each in numbers):
            raise UserError(f"low and high of {name} must be whole numbers, but got {numbers}. Take kind: float.")
        if values.get("log") and numbers[0] <= 0:
            raise UserError(f"low of {name} must be above 0 with log, but got {numbers[0]}.")
    if kind == "factors" and not all(isinstance(values[key], int) and values[key] > 0 for key in ("product", "parts")):
        raise UserError(f"product and parts of {name} must be whole numbers above 0, but got {values}.")


def _spell(choice: Any) -> str:
    """Returns a choice as it is said to Hydra; equal numbers are spelled alike."""
    return write_word(int(choice) if isinstance(choice, float) and choice.is_integer() else choice)


def _read_condition(name: str, when: Any) -> Condition | None:
    if when is None:
        return None
    if not isinstance(when, Mapping) or len(when) != 1:
        raise UserError(f"when of {name} must be one parameter with its values, as {{norm: [ln]}}, but got {when!r}.")
    [(other, values)] = when.items()
    return Condition(str(other), tuple(values) if isinstance(values, list) else (values,))
