"""Points are searched only if their scores can be compared: by the same rows and labels, after whole trainings."""

from __future__ import annotations

from typing import Any

import pytest

from mgu.config.check import check_config
from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.search.comparable import check_comparable
from mgu.search.parameters.bounds import Float
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Point, Space
from tests.conftest import compose_run

TABLE: dict[str, Any] = {
    "name": "table", "path": "t.csv", "target": "y", "task": "classification", "drop": [], "separator": ",",
    "max_categories": 50, "test_share": 0.2, "folds": 3, "split": "holdout", "sha256": "0" * 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The values of a run of digits."""
    return compose_run(tmp_path_factory.mktemp("runs"), "layout=dense_2", "dataset=digits").model_dump()


def check(start: dict[str, Any], *parameters: Parameter, halving: bool = False, **dataset: Any) -> None:
    """Checks a space of keys that all are in one section."""

    def compose(point: Point, seed: int) -> RunConfig:
        values: dict[str, Any] = start | {"dataset": dataset or start["dataset"]}
        for name, value in point.items():
            section, _, key = name.partition(".")
            values[section] = values[section] | {key: value}
        return check_config(values)

    check_comparable(Space("mine", parameters), compose, halving)


NORM = Categorical("norm.name", ("ln", "no_norm"))


@pytest.mark.parametrize(
    ("parameters", "dataset", "message"),
    [
        ([Categorical("dataset.split", ("paper", "holdout"))], {}, r"dataset\.split must be .* has paper and holdout"),
        ([Categorical("dataset.name", ("digits", "mnist"))], {}, "dataset must be .* has digits and mnist"),
        ([Ordinal("dataset.fold", (0, 1, 2))], TABLE, r"Search with one, as dataset\.fold=0, and train"),
        ([Float("dataset.test_share", 0.1, 0.9)], TABLE | {"folds": None}, r"dataset\.test_share must be .* and 0\.1"),
        (  # a parameter that is not active in the first point
            [NORM, Ordinal("dataset.fold", (1, 2), when=Condition("norm.name", ("no_norm",)))],
            TABLE,
            "has 0 and 1",
        ),
    ],
)
def test_points_that_are_judged_by_other_rows_are_refused(
    parameters: list[Parameter], dataset: dict[str, Any], message: str, start: dict[str, Any]
) -> None:
    with pytest.raises(UserError, match=message):
        check(start, *parameters, **dataset)


def test_what_leaves_the_rows_as_they_are_is_searched(start: dict[str, Any]) -> None:
    balance = Categorical("dataset.class_weights", ("none", "balanced"))
    check(start, balance, Ordinal("training.epochs", (2, 4)))
    check(start, balance, Ordinal("dataset.max_categories", (5, 50)), **TABLE)


def test_trainings_are_ranked_at_their_end(start: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"training\.epochs must be the same .* has 2 and 4"):
        check(start, Ordinal("training.epochs", (2, 4)), halving=True)
    stopped = start | {"training": start["training"] | {"stop_after": 1}}
    with pytest.raises(UserError, match=r"training\.stop_after must be left out of a search"):
        check(stopped, NORM)
