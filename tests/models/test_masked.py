"""Networks with densities: the counts of Tessera and Rosman (2019), what goes around them, and what they learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.factory.model import build_model, count_flops
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import load_trained
from mgu.layers.masked import MaskedLinear
from mgu.models.convnet import count_trainable
from mgu.models.masked import measure_sparsity
from mgu.results.on_disk.folder import run_folder
from mgu.results.schema.result import Result
from mgu.run.execute import run
from tests.conftest import Configure
from tests.run.test_resume import evidence, interrupt

SPARSE = ("layout=sparse_mlp", "layout.width=20", "layout.density=[0.2,0.4]")


def train(config: RunConfig) -> Result:
    run_folder(config).mkdir(parents=True, exist_ok=True)
    return run(config)


@pytest.mark.parametrize(
    ("words", "active"),
    [
        *((f"layout.width={width} layout.density=1", 794 * width) for width in (5, 75, 100)),
        ("layout.width=100 layout.depth=2 layout.density=1", 89_400),
        ("layout.width=100 layout.density=0.75", 59_550),
    ],
)
def test_active_weights_are_those_of_the_source(words: str, active: int, configure: Configure) -> None:
    config = configure("dataset=mnist", "layout=sparse_mlp", "norm=no_norm", *words.split())
    resolved = resolve(config)
    model = build_model(resolved)
    hidden = config.layout.width * config.layout.depth  # type: ignore[union-attr]
    assert measure_sparsity(model).active_weights == active
    assert count_trainable(model) == active + hidden + 10
    assert count_flops(resolved) == 2 * sum(p.numel() for p in model.parameters() if p.dim() == 2)  # a mask saves none


def test_weights_and_shuffling_are_those_without_masks(configure: Configure) -> None:
    torch.manual_seed(0)
    plain = build_model(resolve(configure("layout=dense_2", "layout.width=20", "norm=no_norm")))
    torch.manual_seed(0)
    words = ("layout=sparse_mlp", "layout.depth=2", "layout.width=20", "layout.density=[1,1,0.5]", "norm=no_norm")
    masked = build_model(resolve(configure(*words)))
    ours, theirs = masked.state_dict(), plain.state_dict()
    for name in ("blocks.0.layer.weight", "blocks.1.layer.weight"):
        assert ours[name].equal(theirs[name])
    readout: Any = masked.readout
    torch.testing.assert_close(ours["readout.weight"], theirs["readout.weight"] * readout.mask / 0.5**0.5)


def test_a_full_layout_trains_to_the_bits_of_a_dense_one(configure: Configure) -> None:
    full = configure("layout=sparse_mlp", "layout.width=9", "layout.density=1", "norm=ln", "training.epochs=2")
    words = ("layout=dense_2", "layout.depth=1", "layout.width=9", "layout.activation=relu", "layout.dropout=0")
    dense = configure(*words, "norm=ln", "training.epochs=2")
    assert train(full).val == train(dense).val
    assert evidence(full) == evidence(dense)


def test_the_identity_knows_one_density_written_out(configure: Configure) -> None:
    once, each = (configure("layout=sparse_mlp", "layout.depth=2", f"layout.density={own}", "norm=ln")
                  for own in ("0.5", "[0.5,0.5,0.5]"))  # fmt: skip
    other = configure("layout=sparse_mlp", "layout.depth=2", "layout.density=0.5", "norm=ln", "layout.mask_seed=1")
    assert once.identity == each.identity != other.identity


@pytest.mark.parametrize("model", ["norm=no_norm", "mgu=lean", "mgu=reference"])
def test_an_interrupted_run_ends_with_the_same_bits_and_masked_zeros(model: str, configure: Configure) -> None:
    words = (*SPARSE, model, "training.epochs=3")
    whole, broken = (configure(*words, f"experiment_name={name}") for name in ("whole", "broken"))
    result = train(whole)
    interrupt(broken, 2)
    train(broken)
    assert evidence(whole) == evidence(broken)
    assert result.active_weights and result.dead_units is not None
    trained = load_trained(run_folder(whole)).model
    masked = [each for each in trained.modules() if isinstance(each, MaskedLinear)]
    assert masked and all(not each.weight[~each.mask].any() for each in masked)
    assert sum(int(each.mask.sum()) for each in masked) <= result.active_weights
    stored = load_file(run_folder(whole) / "weights.safetensors")
    assert not any("mask" in name for name in stored)


def test_deep_networks_without_norm_stay_at_chance_where_normalised_ones_learn(configure: Configure) -> None:
    """What the source shows of 16 and 32 layers is no likeness of sparse and dense: neither trains."""
    words = ("layout=sparse_mlp", "layout.depth=16", "layout.width=50", "layout.scale_init=false", "layout.density=0.5")
    scores = [train(configure(*words, f"norm={norm}", "training.epochs=10")).val for norm in ("no_norm", "bn_pre")]
    accuracies = [own.accuracy for own in scores if own and own.accuracy]
    assert accuracies[0] < 0.15 and accuracies[1] > 0.4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("layout.density=[0.5,0.5,0.5] norm=ln", "but got 3. Pass layout.density=[0.5,0.5]."),
        ("layout.density=0 norm=ln", "layout.density.0 must be greater than 0"),
        ("layout.density=dense norm=ln", "layout.density must be a valid list"),
        ("layout.density=1.5 norm=ln", "less than or equal to 1"),
    ],
)
def test_densities_are_checked(words: str, said: str, configure: Configure) -> None:
    with pytest.raises(UserError) as caught:
        configure("layout=sparse_mlp", *words.split())
    assert said in str(caught.value)


@pytest.mark.parametrize("engine", ["native", "packed"])
def test_engines_that_know_no_masks_say_so(engine: str, configure: Configure) -> None:
    for model in ("norm=ln", "mgu=reference"):
        config = configure(*SPARSE, model, f"engine={engine}", f"experiment_name={Path(engine).name}")
        run_folder(config).mkdir(parents=True)
        with pytest.raises(UserError, match="engine must be auto, eager or compiled for layers with masks"):
            run(config)
