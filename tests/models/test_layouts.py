"""Layouts: the sizes of all 51 rows of the paper's tables, and what cannot be built."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch

from mgu.errors import UserError
from mgu.factory.model import build_model, count_flops
from mgu.factory.resolved_run import resolve
from mgu.models.convnet import count_keras, count_trainable
from mgu.report.ranking.paper import PaperRow, paper_table
from tests.conftest import Configure

LAYOUTS = {
    "[2, 2, 4, inf, 2]": "mnist_2",
    "[3, 3, 2, inf, 2]": "mnist_3",
    "[4, 2, 2, inf, 2]": "mnist_4",
    "[7, 2, 2, 5, 1.32]": "cifar_7",
    "[10, 1, 2, 8, 1.32]": "cifar_10",
    "[15, 1, 2, 8, 1.32]": "cifar_15",
}
SIX_TRANSFORMS = ("MNI_MGU_001", "CIF_MGU_001")  # shared/design: their printed sizes are those without a residual gate
ROWS = [
    pytest.param(dataset, row, id=row.model_name) for dataset in ("mnist", "cifar10") for row in paper_table(dataset)
]


def overrides(dataset: str, row: PaperRow) -> list[str]:
    chosen = [f"dataset={dataset}", f"layout={LAYOUTS[row.layout]}"]
    if row.norm is None:
        return [*chosen, "mgu=reference", f"mgu.residual_gate={row.model_name not in SIX_TRANSFORMS}"]
    return [*chosen, f"norm={row.norm}", f"residual={'with' if row.residual else 'without'}"]


def test_the_tables_have_51_rows() -> None:
    assert len(ROWS) == 51


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "row"), ROWS)
def test_the_size_is_the_one_printed(dataset: str, row: PaperRow, configure: Configure) -> None:
    config = configure(*overrides(dataset, row))
    assert config.layout.as_list == row.layout
    with torch.device("meta"):
        params = count_keras(build_model(resolve(config)))
    assert row.has_size(params), f"{params:,} weights, printed {row.model_size}"


@pytest.mark.parametrize(
    ("chosen", "params"),
    [
        ("dataset=mnist layout=mnist_4 norm=no_norm residual=without", 98_442),
        ("dataset=mnist layout=mnist_4 norm=bn_pre residual=with", 196_394),
        ("dataset=mnist layout=mnist_4 mgu=reference mgu.residual_gate=false", 586_602),
        ("dataset=mnist layout=mnist_4 mgu=equations", 683_754),
        ("dataset=cifar10 layout=cifar_7 mgu=reference", 3_092_154),
        ("dataset=cifar10 layout=cifar_15 norm=no_norm residual=with", 60_964_054),
    ],
)
def test_exact_sizes(chosen: str, params: int, configure: Configure) -> None:
    with torch.device("meta"):
        assert count_keras(build_model(resolve(configure(*chosen.split())))) == params


def test_keras_counts_running_statistics_and_training_does_not(configure: Configure) -> None:
    model = build_model(resolve(configure("layout=digits_2", "norm=bn_post")))
    assert count_keras(model) - count_trainable(model) == 2 * (16 + 32)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["cervigram_8", "cervigram_11", "cervigram_17"])
@pytest.mark.parametrize("choice", ["norm=ln", "mgu=equations"])
def test_the_cervigram_layouts_run_on_large_images(layout: str, choice: str, configure: Configure) -> None:
    config = configure("dataset.image_shape=[3,512,512]", "dataset.num_classes=5", f"layout={layout}", choice)
    with torch.device("meta"):
        logits = build_model(resolve(config))(torch.empty(2, 3, 512, 512))
    assert logits.shape == (2, 5)


def test_padding_keeps_the_size_and_strides_halve_it(configure: Configure) -> None:
    config = configure(
        "dataset=cifar10", "layout=cifar_7", "layout.min_layer_padding_same=1", "layout.num_reductions=3"
    )
    features = cast(Any, build_model(resolve(config))).blocks(torch.randn(1, 3, 32, 32))
    assert features.shape[2:] == (4, 4)


def test_flops_of_a_convolution_by_hand(configure: Configure) -> None:
    """Two operations a multiplication: 16 filters of 3x3x1 at 6x6, 32 of 3x3x16 at 4x4, then 32 x 10."""
    by_hand = 2 * (36 * 16 * 9 + 16 * 32 * 9 * 16 + 32 * 10)
    assert count_flops(resolve(configure("layout=digits_2", "norm=no_norm"))) == by_hand


def test_an_image_too_small_is_refused_with_the_layer_and_its_size(configure: Configure) -> None:
    with pytest.raises(UserError, match=r"'mnist_4' .* 3x3 kernel, but layer 3 of 4 gets 1x1 from a 8x8 image"):
        configure("layout=mnist_4")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("layout.kernel_size=2 layout.min_layer_padding_same=1", "kernel_size must be odd"),
        ("layout.scale_filters=0.01", "at least one filter"),
    ],
)
def test_a_layout_that_contradicts_itself(override: str, message: str, configure: Configure) -> None:
    with pytest.raises(UserError, match=message):
        configure(*override.split())
