"""FLOPs that layers count for themselves are those that torch counts of the whole network."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from mgu.factory.model import build_model, count_flops
from mgu.factory.resolved_run import resolve
from tests.conftest import Configure

CIFAR = ("dataset=cifar10", "layout=cifar_7")


@pytest.mark.parametrize(
    "words",
    [
        ("layout=digits_3", "norm=bn_pre", "residual=with"),
        (*CIFAR, "norm=ln", "residual=with"),
        (*CIFAR, "norm=bn_post"),
        *(("layout=digits_2", f"mgu={unit}") for unit in ("reference", "lean", "highway", "switchable_norm")),
        ("layout=digits_2", "mgu=squeeze_excitation"),
        *(("layout=digits_3", "mgu=reference", f"mgu.gate={gate}") for gate in ("depthwise", "squeeze", "spatial")),
        *(("layout=digits_2", model, "engine=native") for model in ("norm=bn_pre", "mgu=reference", "mgu=lean")),
        ("layout=digits_2", "mgu=reference", "engine=packed"),
        *(("layout=digits_3", "mgu=reference", f"mgu.bypass={bypass}") for bypass in ("projection", "padded")),
    ],
    ids=" ".join,
)
def test_as_torch_counts_them(words: tuple[str, ...], configure: Configure) -> None:
    resolved = resolve(configure(*words))
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        build_model(resolved).eval()(torch.zeros(1, *resolved.shapes.inputs))
    assert count_flops(resolved) == counter.get_total_flops() > 0
