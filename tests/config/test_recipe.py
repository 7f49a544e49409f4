"""The recipe in the configuration: identities, values of other kinds, old configurations, what does not go together."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.compare.axes import find_axes
from mgu.results.schema.stored_config import parse_config, read_stored
from mgu.results.schema.upgrade import upgrade
from tests.conftest import Command, Configure


def as_before(config: RunConfig, mode: str = "json") -> dict[str, Any]:
    """The configuration as versions without schedules wrote it."""
    values: dict[str, Any] = config.model_dump(mode=mode)
    values["optimizer"]["decay"] = values.pop("schedule")["decay"]
    del values["optimizer"]["weight_decay"]
    return values


def test_an_old_configuration_is_read_as_the_run_it_is(configure: Configure) -> None:
    now = configure("schedule.decay=0.001")
    before = as_before(now)
    assert parse_config(upgrade(before)) == now and read_stored(yaml.safe_dump(as_before(now, "python"))) == now
    assert upgrade(now.model_dump()) == now.model_dump() and upgrade("nothing") == "nothing"
    runs = [(now.stem, upgrade(before)), (now.stem, now.model_dump(mode="json"))]
    assert not find_axes(runs).keys


def test_the_decay_stands_where_it_did_in_the_identity(configure: Configure) -> None:
    """Recorded before there were schedules: `optimizer.decay=0.001` of otherwise default values."""
    assert configure("threads=1", "schedule.decay=0.001").identity == IDENTITY
    same = configure("threads=1", "schedule.decay=0.001", "optimizer.weight_decay=0", "schedule.warmup_epochs=0")
    assert same.identity == IDENTITY


IDENTITY = "b35f7fd6"


@pytest.mark.parametrize(
    ("words", "rate"),
    [("", 0.01), ("optimizer=adamw", 0.003), ("optimizer=sgd", 0.01), ("optimizer=momentum", 0.01),
     ("dataset=adult layout=dense_2", 0.001),
     ("dataset=adult layout=dense_2 optimizer=adamw", 3e-4), ("dataset=adult layout=dense_2 optimizer=sgd", 0.01)],
)  # fmt: skip
def test_the_rate_is_by_optimizer_and_kind_of_data(words: str, rate: float, configure: Configure) -> None:
    assert configure(*words.split()).optimizer.lr == rate


def test_the_averaged_recipe_is_the_papers_but_for_four_values(configure: Configure) -> None:
    paper, averaged = (configure(f"training={name}").training.model_dump() for name in ("paper", "averaged"))
    changed = {name: value for name, value in averaged.items() if value != paper[name]}
    assert changed == {"ema": 0.99, "label_smoothing": 0.1, "precise_bn": 4096, "select": "last"}


@pytest.mark.parametrize(
    "words",
    [
        *(
            "optimizer=adamw",
            "optimizer=sgd",
            "optimizer=momentum",
            "schedule=constant",
            "schedule=cosine",
            "schedule=step",
        ),
        *("schedule=plateau", "schedule.warmup_epochs=1", "optimizer.weight_decay=0.1", "schedule.decay=0"),
        *("training.ema=0.99", "training.clip_norm=1", "training.label_smoothing=0.1", "training.select=last"),
        "training.precise_bn=100",
        "training.precision=bf16",
        *("training.score=recall", "training.score=macro_f1"),
        *("optimizer=adamw schedule.decay=0", "optimizer=sgd schedule=cosine", "schedule=cosine schedule.final=0.1"),
    ],
)
def test_another_recipe_is_another_run(words: str, configure: Configure) -> None:
    assert configure(*words.split()).identity != configure().identity


def test_the_usual_score_is_no_other_run_when_it_is_named(configure: Configure) -> None:
    assert configure("training.score=accuracy").identity == configure().identity
    assert configure("training.score=accuracy").score == configure().score != configure("training.score=recall").score


def test_runs_are_called_by_their_recipe(configure: Configure) -> None:
    recipes = ["", "optimizer=adamw", "optimizer=adamw schedule=cosine", "optimizer=adamw optimizer.lr=0.1"]
    recipes += ["optimizer=sgd", "optimizer=momentum"]
    configs = [configure("layout=digits_2", *words.split()) for words in recipes]
    axes = find_axes([(config.stem, config.model_dump(mode="json")) for config in configs])
    names = [axes.name(config.name, 0, config.model_dump(mode="json")) for config in configs]
    assert names[0] == "digits_2-bn_pre-nadam-lr0.01-keras_decay-s0"
    assert names[2] == "digits_2-bn_pre-adamw-lr0.003-cosine-s0" and len(set(names)) == len(names)
    assert names[5] == "digits_2-bn_pre-momentum-lr0.01-keras_decay-s0"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("+optimizer.decay=0.1", "optimizer.decay must be set as schedule.decay, where it is now"),
        (
            "optimizer.name=adam",
            "optimizer.name must be nadam, adamw, sgd, momentum, path_sgd or python, but got 'adam'. Did you mean",
        ),
        ("schedule.name=linear", "schedule.name must be keras_decay, constant, cosine, step, plateau or python, but"),
        ("optimizer=sgd +optimizer.beta1=0.3", "optimizer.beta1 must go with optimizer=nadam or adamw"),
        ("schedule=cosine +schedule.decay=1", "schedule.decay must go with schedule=keras_decay"),
        ("optimizer=sgd optimizer.momentum=0", "nesterov must be false without momentum"),
        ("optimizer=momentum optimizer.momentum=0", "optimizer.momentum must be greater than 0, but got 0"),
        ("optimizer=momentum +optimizer.nesterov=true", "optimizer.nesterov must go with optimizer=sgd, but"),
        ("schedule=step schedule.factor=1", "schedule.factor must be less than 1, but got 1"),
        (
            "training.score=mae",
            "training.score must be accuracy, recall or macro_f1 for task classification, but",
        ),
        (
            "training.score=auc",
            "training.score must be accuracy, recall, macro_f1, rmse, mae, ndcg_at_10 or",
        ),
        ("training.ema=1", "training.ema must be less than 1, but got 1"),
        ("training.precise_bn=0", "training.precise_bn must be greater than 0, but got 0"),
        ("training.clip_norm=0", "training.clip_norm must be greater than 0, but got 0"),
        ("optimizer=adamw step=graph", "step must be auto or eager with optimizer=adamw"),
        ("optimizer.weight_decay=0.1 step=graph", "step must be auto or eager with optimizer.weight_decay=0.1"),
    ],
)
def test_what_does_not_go_together_is_named(words: str, message: str, configure: Configure) -> None:
    with pytest.raises(UserError) as caught:
        configure(*words.split())
    assert message in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("optimizer.decay=0.1", "optimizer.decay must be set as schedule.decay"),
        ("optimizer=sgd optimizer.beta1=0.3", "optimizer.beta1 must go with a configuration of optimizer"),
        (
            "optimizer.name=adam",
            "optimizer.name must be nadam, adamw, sgd, momentum, path_sgd or python, but got 'adam'",
        ),
    ],
)
def test_the_command_names_it(words: str, message: str, mgu_run: Command) -> None:
    done = mgu_run(*words.split())
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
