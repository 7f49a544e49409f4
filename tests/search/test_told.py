"""Settings that go by what no trial tells are refused before the first one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mgu.cli.study.check_told import check_told
from mgu.config.check_search import check_study
from mgu.errors import UserError
from mgu.search.budget import KINDS, Budget
from mgu.search.parameters.factors import Factors
from mgu.search.space import Space
from mgu.search.spaces.gemm import GemmSpace
from tests.search.spaces import GRID

GEMM = GemmSpace("gemm_8", (Factors("m", 8, 4), Factors("k", 8, 2), Factors("n", 8, 4)))


def check(space: Space, has_energy: bool = True, **sections: dict[str, Any]) -> None:
    start: Any = SimpleNamespace(energy=SimpleNamespace(enabled=has_energy))
    search = {"name": "random"} | sections.pop("search", {})
    check_told(check_study({"search": search, **sections}), space, start)


def test_a_second_objective_is_one_that_trials_have() -> None:
    check(GEMM)
    check(GRID, search={"second": "kwh"})
    check(GRID, has_energy=False, search={"second": "params"})
    with pytest.raises(UserError, match=r"search\.second=kwh must go with energy\.enabled=true"):
        check(GRID, has_energy=False, search={"second": "kwh"})
    for second in ("kwh", "params"):
        with pytest.raises(UserError, match=rf"search\.second must be left out .* space=gemm_8, but got {second}"):
            check(GEMM, search={"second": second})


@pytest.mark.parametrize(("section", "key", "value"), [("confirm", "top", 2), ("warm_start", "folder", "runs")])
def test_runs_are_asked_for_where_points_have_some(section: str, key: str, value: Any) -> None:
    told: dict[str, Any] = {section: {key: value}}
    check(GRID, **told)
    with pytest.raises(UserError, match=rf"{section}\.{key} must be left out where points are measured .* got {value}"):
        check(GEMM, **told)


def test_a_budget_is_of_what_trials_tell() -> None:
    """Products of matrices have no epochs: the whole space was measured."""
    untold = set(KINDS) - GEMM.tells
    assert untold == {"kwh", "grams", "epochs"}
    assert Budget(epochs=2).resolve(24, None, True, True).epochs == 2
    assert Budget(cpu_seconds=2.0).resolve(24, None, True, True, untold).cpu_seconds == 2.0
    for name in untold:
        with pytest.raises(
            UserError, match=rf"budget\.{name} must be left out where no trial tells it, .* but got 2\."
        ):
            Budget(**{name: 2}).resolve(24, None, True, True, untold)
