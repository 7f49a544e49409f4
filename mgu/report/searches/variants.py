"""Groups studies that differ in their seed only, and names the groups by what they differ in.

Studies of one strategy on one space may have other options, another training or a narrower space. They are rows of
their own, and each is compared with the random search of its own space and training. These are named over all
strategies: where one searched 6 points of a grid and another one 12, both names say so.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from mgu.report.searches.contender import Contender
from mgu.results.compare.axes import flatten, shorten_keys, write_value
from mgu.search.curve import Curve
from mgu.tasks.score import Score

# Settings in which a search may differ from the random one beside it.
STRATEGYS_OWN = ("options", "warm_start", "per_cost", "second")
MOST_CHARACTERS = 24  # of a value in a name


def group_curves(curves: Sequence[Curve], score: Score, before: float | None) -> list[Contender]:
    """Groups studies that differ in their seed only; of two with one seed, the one that spent more counts.

    Args:
        curves: The studies of an experiment.
        score: Their metric.
        before: Score while no trial has ended.

    Returns:
        The groups by space, origin and strategy, each with a name of its own.
    """
    groups: dict[tuple[str, str, str, str], dict[int, Curve]] = {}
    for curve in curves:
        by_seed = groups.setdefault((curve.space, curve.origin, curve.strategy, _text(curve.settings)), {})
        known = by_seed.get(curve.seed)
        if known is None or curve.spent_s > known.spent_s:
            by_seed[curve.seed] = curve
    ordered = [[by_seed[seed] for seed in sorted(by_seed)] for _, by_seed in sorted(groups.items())]
    first = [studies[0] for studies in ordered]
    problems = _name_parts([(curve.space, curve.origin) for curve in first], list(map(_problem, first)))
    variants = _name_parts([(*shared_settings(curve), curve.strategy) for curve in first], list(map(_own, first)))
    named = zip(ordered, problems, variants, strict=True)
    return [Contender(studies, score, before, problem, variant) for studies, problem, variant in named]


def shared_settings(curve: Curve) -> tuple[str, str, str]:
    """Returns what a study and the random search that it is compared with have in common."""
    return curve.space, curve.origin, _text(_problem(curve))


def _problem(curve: Curve) -> dict[str, Any]:
    """Returns the settings of a study that are not its strategy's: the space, and how its points are trained."""
    return {key: value for key, value in curve.settings.items() if key not in STRATEGYS_OWN}


def _own(curve: Curve) -> dict[str, Any]:
    return {key: value for key, value in curve.settings.items() if key in STRATEGYS_OWN}


def _name_parts(kinds: Sequence[Hashable], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names each of several settings by what tells it from the others of its kind; equal ones are named alike."""
    different: dict[Hashable, dict[str, Mapping[str, Any]]] = {}
    for kind, own in zip(kinds, settings, strict=True):
        different.setdefault(kind, {})[_text(own)] = own
    names = {
        kind: dict(zip(of_kind, name_variants(list(of_kind.values())), strict=True))
        for kind, of_kind in different.items()
    }
    return [names[kind][_text(own)] for kind, own in zip(kinds, settings, strict=True)]


def name_variants(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names each of several settings by the values in which they differ; without a name where there is one only.

    Args:
        settings: Nested settings of studies, no two of which are equal.

    Returns:
        The names in the same order, such as "rho=1"; no two are equal.
    """
    if len(settings) < 2:
        return [""] * len(settings)
    flat = [flatten({key: value for key, value in nested.items() if key != "space"}) for nested in settings]
    keys = dict.fromkeys(key for values in flat for key in values)
    spaces = [_text(nested.get("space")) for nested in settings]
    if len(set(spaces)) > 1:  # then the example among their settings differs, too
        keys = {key: None for key in keys if not key.startswith("run.")}
    differing = [key for key in keys if len({_text(values.get(key)) for values in flat}) > 1]
    short = shorten_keys(differing)
    names = []
    for values, space in zip(flat, spaces, strict=True):
        parts = [f"{short[key]}={write_value(values[key])[:MOST_CHARACTERS]}" for key in differing if key in values]
        if len(set(spaces)) > 1 and "points" not in differing:
            parts.append(f"space {sorted(set(spaces)).index(space) + 1}")
        names.append(" ".join(parts))
    if len(set(names)) == len(names):
        return names
    return [f"{name} ({number})".lstrip() for number, name in enumerate(names, 1)]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
