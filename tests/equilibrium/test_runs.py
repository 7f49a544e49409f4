"""Runs of equilibrium and directed layouts: interrupted, explained, checked."""

from __future__ import annotations

import json

import pytest

from mgu.config.check import check_config
from mgu.errors import UserError
from mgu.results.on_disk.folder import run_folder
from tests.conftest import Configure
from tests.run.test_resume import evidence, train

pytestmark = pytest.mark.slow

SMALL = ("training.epochs=3", "threads=1", "energy.enabled=false", "layout.width=8")
GATES = (
    "layout=directed_gates", "dataset=gates", "learning=equilibrium", "learning.sparsify=permanent", "learning.l1=1e-3",
    "learning.sparsify_tolerance=0.2", "optimizer=sgd", "optimizer.lr=0.5", "training.epochs=6", "layout.start=0.1",
    "energy.enabled=false",
)  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("layout=equilibrium_digits", "norm=no_norm", *SMALL),
        pytest.param(("layout=equilibrium_conv", "mgu=lean", *SMALL), marks=pytest.mark.long),
        GATES,
    ],
    ids=["dense", "conv", "directed"],
)
def test_the_continued_run_is_the_same_to_the_bit(words: tuple[str, ...], configure: Configure) -> None:
    whole, broken = (configure(*words, f"experiment_name={name}") for name in ("whole", "broken"))
    undisturbed, continued = train(whole), train(broken, 1, 2)
    assert evidence(whole) == evidence(broken)
    assert undisturbed.solver is not None and undisturbed.solver == continued.solver
    assert undisturbed.solver.iterations > 1 and undisturbed.solver.eval_iterations > 1
    assert undisturbed.flops_per_sample and undisturbed.flops_per_sample == continued.flops_per_sample
    explained = json.loads(
        (run_folder(whole) / ("directed.json" if words is GATES else "equilibrium.json")).read_text()
    )
    if words is GATES:
        assert explained["removed"] > 0 and explained["kept"] < 1
    else:
        (layer,) = explained["layers"]
        assert layer["unconverged"] == 0 and layer["norms"][0] <= 0.951
        assert layer["objective"] < layer["objective_start"]


def test_what_does_not_converge_is_in_the_result(configure: Configure) -> None:
    words = ("layout=equilibrium_digits", "norm=no_norm", "layout.max_iterations=2", "layout.tolerance=1e-6", *SMALL)
    notes: list[str] = []
    result = train(configure(*words, "training.epochs=1"), notes=notes)
    assert result.solver is not None and result.solver.unconverged > 0 and result.solver.eval_unconverged > 0
    assert any("above the tolerance" in note for note in notes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("layout=equilibrium_digits", "layout.inner_activation=selu"), "whose slopes lie in .0, 1., but got selu"),
        (("layout=equilibrium_digits", "engine=native"), "engine must be auto or eager"),
        (("layout=equilibrium_digits", "layout.prior=l1"), "prior_weight must be above 0"),
        (("layout=equilibrium_digits", "mgu=highway"), "mgu.gate must be channel or scalar where mgu.gate_bias is set"),
        (("layout=equilibrium_conv", "dataset=adult"), "layout must be a dense one"),
        (("layout=equilibrium_conv", "layout.kernel_size=9"), "kernel_size must be at most"),
        (("layout=digits_2", "learning=equilibrium"), "learning must be backpropagation for layout=digits_2"),
        (("layout=directed_gates", "mgu=reference"), "must be alone"),
        (
            (
                "layout=directed_gates",
                "dataset=gates",
                "learning=equilibrium",
                "learning.sparsify=published",
                "training.ema=0.9",
            ),
            "sparsify must be none or permanent with training.ema",
        ),
        (("layout=directed_gates", "dataset=adult", "training.label_smoothing=0.1"), "label_smoothing must be 0.0"),
        (("layout=directed_gates", "layout.hidden=[4,4]"), "one number of neurons"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(
    words: tuple[str, ...], said: str, configure: Configure
) -> None:
    with pytest.raises(UserError, match=said) as error:
        configure(*words)
    assert "\n" not in str(error.value)


def test_both_words_for_no_activation_are_one_run(configure: Configure) -> None:
    recurrent = ("layout=recurrent_tanh", "dataset=adding", "norm=no_norm", "layout.activation=")
    dense = ("layout=equilibrium_digits", "layout.activation=")
    for *words, last in (recurrent, dense):
        configs = [configure(*words), configure(*words, f"{last}null"), configure(*words, f"{last}identity")]
        assert (
            len({config.identity for config in configs}) == 1 and len({repr(config.layout) for config in configs}) == 1
        )
    assert configure("layout=equilibrium_digits", "mgu=highway", "mgu.gate=channel").mgu


def test_layouts_of_earlier_versions_keep_their_identity(configure: Configure) -> None:
    config = configure("layout=digits_2")
    values = config.model_dump()
    del values["learning"]
    assert check_config(values).identity == config.identity
