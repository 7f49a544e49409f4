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
from mgu.text.agree import agree
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
                f"{key} must be left out, for space={settings.get('name')} searches it, but got {override}. "
                "Leave it out, or search another space."
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
        needs = f"{' and '.join(missing)}, but got {settings!r}. Add {agree(len(missing), 'it', 'them')}."
        raise UserError(f"the parameter {name} of kind {kind} must have {needs}")
    if unknown := [key for key in values if key not in allowed]:
        hint = did_you_mean(str(unknown[0]), allowed) or " Leave it out."
        rule = f"{', '.join(sorted(allowed))} only"
        raise UserError(f"the parameter {name} must have {rule}, but got {unknown[0]}.{hint}")
    _check_values(name, kind, values)
    if "choices" in values:
        values["choices"] = tuple(tuple(each) if isinstance(each, list) else each for each in values["choices"])
    when = values.pop("when", None)
    parameter: Parameter = make(name=name, when=_read_condition(name, when), **values)
    return parameter


def _check_values(name: str, kind: str, values: Mapping[str, Any]) -> None:
    """Raises UserError where the values of a parameter cannot be those of its kind."""
    if "choices" in values and (not isinstance(values["choices"], list) or not values["choices"]):
        raise UserError(
            f"choices of {name} must be a list that is not empty, but got {values['choices']!r}. List the values."
        )
    if twice := next((each for each, n in Counter(map(_spell, values.get("choices", ()))).items() if n > 1), None):
        raise UserError(f"choices of {name} must be different, but got {twice} twice. Leave one out.")
    if "low" in values:
        _check_bounds(name, kind, values)
    if kind == "factors" and not all(isinstance(values[key], int) and values[key] > 0 for key in ("product", "parts")):
        product, parts = values["product"], values["parts"]
        raise UserError(
            f"product and parts of {name} must be whole numbers above 0, but got {product!r} and {parts!r}. Write them "
            "as in: product: 512, parts: 4."
        )


def _check_bounds(name: str, kind: str, values: Mapping[str, Any]) -> None:
    """Raises UserError where low and high cannot be the bounds of a number."""
    low, high = values["low"], values["high"]
    if not all(isinstance(each, int | float) and abs(each) <= sys.float_info.max for each in (low, high)) or low > high:
        raise UserError(
            f"low and high of {name} must be numbers with low <= high, but got {low!r} and {high!r}. Write them as in: "
            "low: 1.0e-4, high: 0.1."
        )
    if kind == "int" and not all(isinstance(each, int) for each in (low, high)):
        raise UserError(
            f"low and high of {name} must be whole numbers, but got {low!r} and {high!r}. Take kind: float for others."
        )
    if values.get("log") and low <= 0:
        raise UserError(f"low of {name} must be above 0 with log, but got {low!r}. Raise it, or leave log out.")


def _spell(choice: Any) -> str:
    """Returns a choice as it is said to Hydra; equal numbers are spelled alike."""
    return write_word(int(choice) if isinstance(choice, float) and choice.is_integer() else choice)


def _read_condition(name: str, when: Any) -> Condition | None:
    if when is None:
        return None
    if not isinstance(when, Mapping) or len(when) != 1:
        raise UserError(
            f"when of {name} must be one parameter with its values, but got {when!r}. Write it as in: "
            "when: {norm: [ln]}."
        )
    [(other, values)] = when.items()
    return Condition(str(other), tuple(values) if isinstance(values, list) else (values,))
