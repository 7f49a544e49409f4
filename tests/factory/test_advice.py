"""Messages about batches and running statistics: said where they hold, gone once their advice is followed."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from mgu import MultiGatedUnit
from mgu.factory.advice import advise, advise_collapsed, advise_kept, is_unsettled, statistics_left
from mgu.layers.normalization import BatchNorm
from mgu.results.events import Note
from mgu.results.on_disk.folder import run_folder
from mgu.results.schema.metrics import Metrics
from mgu.run.execute import run
from tests.conftest import Configure

SHORT = ("training.last_batch=short", "training.batch_size=64")


@pytest.mark.parametrize(
    ("words", "examples", "expected"),
    [
        (["norm=ln", *SHORT], 642, ["the last batch of every epoch has 2 of 64 examples"]),
        (["norm=ln", *SHORT], 60_000, []),  # 32 are left: the paper's protocol on MNIST
        (["norm=ln", *SHORT], 50_000, []),  # 16 are left: CIFAR-10
        (["norm=ln", *SHORT], 40, []),  # one batch
        (["norm=bn_pre", "training.epochs=3"], 1080, ["keep 60% of their initial values after all 51 steps"]),
        (["norm=bn_post", "training.epochs=1"], 100, ["keep 98% of their initial values after all 2 steps"]),
        (["norm=bn_pre", "training.epochs=100"], 1080, []),
        (["norm=bn_pre", "training.epochs=3", "training.precise_bn=500"], 1080, []),
        (
            ["norm=bn_pre", "training.epochs=100", "training.stop_after=5"],
            1080,
            ["keep 43% of their"],
        ),
        (["norm=no_norm", "training.epochs=1"], 1080, []),
        (["mgu=reference", "training.epochs=3"], 1080, ["or mgu.bn_momentum=0.1, or train longer"]),
        (["mgu=switchable_norm", "training.epochs=3"], 1080, ["or mgu.bn_momentum=0.1, or train longer"]),
        (["layout=dense_2", "norm=bn_pre", *SHORT], 641, ["has 1 of 64", "batch norm gets batches of one example"]),
        (["layout=dense_2", "norm=bn_pre", "training.batch_size=1"], 600, ["batch norm gets batches of one example"]),
        (
            ["layout=recurrent_relu", "dataset.sequence=16", "norm=no_norm"],
            640,
            ["can explode. Pass training.clip_norm=1"],
        ),
        (["layout=recurrent_tanh", "dataset.sequence=16", "norm=no_norm"], 640, []),
        (["layout=directed_digits", "layout.dt=2"], 640, ["steps of layout.dt=2 overshoot: layout.leak=1 take off 2 "]),
        (["layout=directed_digits", "layout.dt=1.9"], 640, []),
        (["layout=directed_digits", "learning=equilibrium", "layout.dt=1.9"], 640, ["and learning.strength=0.5 take"]),
    ],
)
def test_what_would_surprise_is_said_with_overrides_that_mend_it(
    words: list[str], examples: int, expected: list[str], configure: Configure
) -> None:
    messages = advise(configure(*words), examples)
    assert len(messages) == len(expected)
    assert all(part in message for part, message in zip(expected, messages, strict=True))
    overrides = re.findall(r"\b[a-z_]+\.[a-z_]+=[\w.]*\w", " ".join(messages))
    if "training.batch_size=1" in words:
        overrides.append("training.batch_size=64")
    mended = advise(configure(*words, *overrides), examples)
    assert not mended, overrides


def test_statistics_settle_with_the_steps_that_were_trained(configure: Configure) -> None:
    config = configure("norm=bn_pre", "training.epochs=40")  # 17 steps an epoch, so 0.99 ** 85 = 43 % after 5
    assert is_unsettled(config, 1080, 5) and not is_unsettled(config, 1080, 40)
    assert not is_unsettled(configure("norm=bn_pre", "training.precise_bn=9"), 1080, 5)
    assert not is_unsettled(configure("norm=ln"), 1080, 5) and not is_unsettled(config, 1080, None)


def test_what_is_left_of_the_initial_statistics_is_a_share_or_nothing(configure: Configure) -> None:
    config = configure("norm=bn_pre", "training.epochs=40")
    assert statistics_left(config, 1080, 5) == pytest.approx(0.99**85)
    assert statistics_left(configure("norm=bn_pre", "training.precise_bn=9"), 1080, 5) == 0.0
    assert statistics_left(configure("norm=ln"), 1080, 5) is None and statistics_left(config, 1080, None) is None
    assert statistics_left(config, 1080, 5, at_start=0.5) == pytest.approx(0.5 * 0.99**85)  # came with the weights
    assert statistics_left(config, 1080, 5, at_start=None) is None
    assert statistics_left(configure("norm=bn_pre", "training.precise_bn=9"), 1080, 5, at_start=None) == 0.0


@pytest.mark.parametrize("alone", ["training.precise_bn=4096", "norm.momentum=0.1"])
def test_each_remedy_is_enough_by_itself(alone: str, configure: Configure) -> None:
    run = ("norm=bn_pre", "training.epochs=3")
    (message,) = advise(configure(*run), 1080)
    assert f"{alone}" in message and not advise(configure(*run, alone), 1080)


def test_more_threads_than_processors_are_said(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgu.factory.advice.count_cores", lambda: 2)
    (message,) = advise(configure("threads=99", "norm=ln"), 640)
    assert "threads=99 are more than the 2 processors" in message and message.endswith("trained here.")
    assert not advise(configure("threads=2", "norm=ln"), 640)


def test_statistics_that_are_unsettled_in_the_kept_weights_are_said_at_the_end(configure: Configure) -> None:
    """Of 1080 examples in batches of 64; the right values by hand: 0.99 to the power of 17 and of 51."""
    config = configure("norm=bn_pre", "training.epochs=100")
    assert "keep 84% of their initial values in the weights that are kept, of epoch 1" in advise_kept(
        config, 1080, 2, 1
    )
    found = advise_kept(config, 1080, 20, 3)
    assert "keep 60%" in found and "or norm.momentum=0.1, or a larger training.patience" in found
    assert not advise_kept(configure("norm=bn_pre", "training.epochs=100", "norm.momentum=0.1"), 1080, 20, 3)
    assert not advise_kept(config, 1080, 20, 14) and not advise_kept(config, 1080, 20, None)
    assert not advise_kept(configure("norm=ln", "training.epochs=100"), 1080, 20, 3)
    stopped = configure("norm=bn_pre", "training.epochs=100", "training.stop_after=3")
    assert not advise_kept(stopped, 1080, 3, 3)  # it goes on
    assert advise(planned := configure("norm=bn_pre", "training.epochs=3"), 1080)  # has said it
    assert not advise_kept(planned, 1080, 2, 1)


def test_a_run_that_patience_ends_early_says_what_its_statistics_kept(configure: Configure) -> None:
    notes: list[str] = []
    config = configure("layout=digits_2", "norm=bn_pre", "training.patience=1", "training.epochs=20")
    run_folder(config).mkdir(parents=True)
    result = run(config, lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    left = 0.99 ** (23 * (result.best_epoch or 0))
    assert result.epochs < 20 and left > 0.1 and [f"keep {left:.0%} of" in note for note in notes] == [True]


def test_running_statistics_of_a_unit_of_ones_own_settle_as_torchs_do() -> None:
    """In a loop of 60 steps; by the paper's momentum half of the initial values would be left."""
    unit, norm = MultiGatedUnit(nn.Linear(4, 8), "relu"), nn.BatchNorm1d(8)
    inputs = 3 + torch.randn(60, 64, 4)
    with torch.no_grad():
        for batch in inputs:
            unit(batch), norm(unit.layer(batch))
    statistics = [module for module in unit.modules() if isinstance(module, BatchNorm)]
    assert statistics and all(module.momentum == norm.momentum for module in statistics)
    assert norm.running_mean is not None
    torch.testing.assert_close(unit.get_submodule("bn_before_activation").running_mean, norm.running_mean)
    torch.testing.assert_close(norm.running_mean, unit.layer(inputs).mean((0, 1)), rtol=0.05, atol=0.2)


def test_a_network_that_names_one_class_only_is_told() -> None:
    def judged(*confusion: list[int]) -> Metrics:
        return Metrics(loss=0.1, accuracy=0.9, confusion=list(confusion))

    message = advise_collapsed(judged([0, 90], [0, 10]), ["ill", "well"])
    assert "the network names class well for each of the 100 examples that judge it, and is right for 90.00%" in message
    assert "dataset.class_weights=balanced or training.score=macro_f1" in message
    assert "names class 1 for" in advise_collapsed(judged([0, 90], [0, 10]), None)
    lagging = advise_collapsed(judged([0, 90], [0, 10]), None, unsettled=True)
    assert lagging.endswith("Pass training.precise_bn=4096.") and "optimizer.lr" not in lagging
    assert not advise_collapsed(judged([1, 89], [0, 10]), None)
    assert not advise_collapsed(judged([0, 0], [0, 10]), None)  # nothing else is there to be named
    assert not advise_collapsed(Metrics(loss=0.1, accuracy=0.9), None) and not advise_collapsed(None, None)
