"""Runs of every recipe go on from a checkpoint to the same bits."""

from __future__ import annotations

import pytest

from tests.conftest import Configure
from tests.run.test_resume import evidence, train

pytestmark = pytest.mark.slow

RUN = ("layout=digits_2", "norm=ln", "layout.dropout=0.3", "training.epochs=4", "training.batch_size=256")
ALL = "training.ema=0.9 training.clip_norm=0.5 training.label_smoothing=0.1 schedule.warmup_epochs=1.5"
SCHEDULES = ("keras_decay", "constant", "cosine", "step schedule.every_epochs=1", "plateau schedule.patience=1")


OPTIMIZERS = ("nadam", "nadam optimizer.weight_decay=0.1", "adamw", "sgd", "momentum")
PAIRS = [  # every schedule and every optimizer in turn, all pairs in the long form
    pytest.param(optimizer, schedule, marks=[pytest.mark.long] * (column % len(OPTIMIZERS) != row))
    for column, schedule in enumerate(SCHEDULES)
    for row, optimizer in enumerate(OPTIMIZERS)
]


@pytest.mark.parametrize(("optimizer", "schedule"), PAIRS)
def test_the_continued_run_is_the_same_to_the_bit(optimizer: str, schedule: str, configure: Configure) -> None:
    words = f"optimizer={optimizer} schedule={schedule} {ALL}".split()
    whole, broken = (configure(*RUN, *words, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    assert train(broken, 1, 3).resumed == 2
    assert evidence(whole) == evidence(broken)


def test_the_last_epoch_s_weights_are_kept(configure: Configure) -> None:
    whole, broken = (configure(*RUN, "training.select=last", f"experiment_name={name}") for name in ("whole", "broken"))
    assert train(whole).best_epoch == 4 and train(broken, 2).best_epoch == 4
    assert evidence(whole) == evidence(broken)


@pytest.mark.parametrize("words", ["norm=bn_pre", "mgu=lean training.ema=0.9 augment=mixup"])
def test_precise_batch_norm_resumes_to_the_same_bits(words: str, configure: Configure) -> None:
    run = ("layout=digits_2", *words.split(), "training.precise_bn=200", "training.epochs=3", "training.batch_size=256")
    whole, broken = (configure(*run, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    assert train(broken, 1, 2).resumed == 2
    assert evidence(whole) == evidence(broken)


@pytest.mark.parametrize("model", ["norm=bn_pre", "mgu=reference"])
def test_half_the_precision_resumes_to_the_same_bits(model: str, configure: Configure) -> None:
    run = ("layout=digits_2", model, "training.precision=bf16", "training.epochs=3", "training.batch_size=256")
    whole, broken = (configure(*run, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    assert train(broken, 1).resumed == 1
    assert evidence(whole) == evidence(broken)


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_a_generated_network_resumes_to_the_same_bits(engine: str, configure: Configure) -> None:
    """Its graphs are drawn anew from the configuration; the recipe is that of results/search."""
    recipe = ("training.ema=0.99", "training.select=last", "training.precise_bn=200", f"engine={engine}")
    run = ("layout=nago_tiny", *recipe, "training.epochs=3", "training.batch_size=256")
    whole, broken = (configure(*run, f"experiment_name={name}") for name in ("whole", "broken"))
    train(whole)
    assert train(broken, 1, 2).resumed == 2
    assert evidence(whole) == evidence(broken)
