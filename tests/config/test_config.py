"""Configuration: every choice composes; every mistake is named with its rule, value and nearest legal choice."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import torch

from mgu.config.conf import conf_dir
from mgu.config.layouts import LayoutConfig
from mgu.data.datasets import KINDS
from mgu.data.images.loaders import LOADERS
from mgu.errors import UserError
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from mgu.layers.activation import ACTIVATIONS
from tests.conftest import Configure

WITH_OWN_TESTS = ("recurrent", "directed", "nago")
DEEP: tuple[str, ...] = (
    "cervigram_11",
    "cervigram_17",
    "cervigram_8",
    "cifar_15",
    "equilibrium_conv",
    "equilibrium_deep",
    "equilibrium_dense",
)


def options(group: str) -> list[str]:
    return sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(layout, marks=[pytest.mark.long] * (layout in DEEP))
        for layout in options("layout")
        if layout not in ("mf_32", "python") and not layout.startswith(WITH_OWN_TESTS)
    ],
)
def test_every_choice_builds_and_runs(layout: str, configure: Configure, long_form: bool) -> None:
    image = "3,512,512" if "cervigram" in layout else "3,32,32"
    baselines = [f"norm={norm} residual={res}" for norm, res in itertools.product(options("norm"), options("residual"))]
    units = [f"mgu={mgu}" for mgu in options("mgu") if mgu != "without"]
    first, step = (
        (0, 1) if long_form else (options("layout").index(layout) % 2, 2)
    )  # each choice with every other layout
    for choice in (baselines + units)[first::step]:
        words = [f"layout={layout}", f"dataset.image_shape=[{image}]", *choice.split()]
        if layout.startswith("equilibrium") and choice == "mgu=highway":  # whose gate starts at a bias
            words.append("mgu.gate=channel")
        config = configure(*words)
        with torch.device("meta"):
            dataset: Any = config.dataset
            logits = build_model(resolve(config))(torch.empty(2, *dataset.image_shape))
        assert logits.shape == (2, dataset.num_classes)


def test_names_stand_in_one_place_each() -> None:
    assert set(options("dataset")) == {*LOADERS, *KINDS}
    assert set(get_args(LayoutConfig.model_fields["activation"].annotation)) == set(ACTIVATIONS)


def test_the_protocol_is_the_papers(configure: Configure) -> None:
    config = configure()
    assert config.training.model_dump() == {
        "epochs": 100,
        "batch_size": 64,
        "last_batch": "short",
        "eval_batch_size": 1000,
        "patience": 10,
        "timeout": None,
        "clip_norm": None,
        "label_smoothing": 0.0,
        "ema": None,
        "precise_bn": None,
        "select": "best",
        "score": None,
        "precision": "float32",
        "start_from": None,
        "start_except": [],
        "start_sha256": None,
        "checkpoint_s": 0,  # in tests
        "stop_after": None,
    }
    optimizer, schedule, layout = cast(Any, config.optimizer), cast(Any, config.schedule), cast(Any, config.layout)
    assert (optimizer.lr, schedule.decay, optimizer.eps) == (0.01, 1e-4, 1e-7)
    assert (layout.dropout, layout.activation, layout.kernel_size) == (0.3, "selu", 3)
    assert config.norm and (config.norm.momentum, config.norm.eps) == (0.01, 1e-3)


@pytest.mark.slow
def test_identity_is_what_can_change_the_result(configure: Configure, tmp_path: Path) -> None:
    identity = configure().identity
    same = [
        "runs_dir=elsewhere",
        "experiment_name=other",
        f"dataset.root={tmp_path}",
        "force=true",
        "energy.country=USA",
        "device=cuda:1",
        "seeds_at_once=8",
        "parallel=2",
        "training.checkpoint_s=60",
        "training.stop_after=3",
        "notify=echo",
        "tensorboard=with",
        "mlflow=with",
    ]
    different = ["seed=1", "norm=ln", "residual=with", "mgu=equations", "optimizer.lr=0.02", "layout=digits_2",
                 "dataset.split=holdout", "training.epochs=3", "engine=eager"]  # fmt: skip
    assert {configure(override).identity for override in same} == {identity}
    identities = [configure(override).identity for override in different]
    assert len({identity, *identities}) == len(different) + 1
    assert configure("mgu=equations").identity != configure("mgu=reference").identity


PINNED = {  # what runs are found by that were trained before a unit had other gates and processors
    "mgu=equations": "f44eeba6",
    "mgu=reference": "d8993ac5",
    "mgu=reference mgu.residual_gate=false": "103c327e",
    "mgu=equations mgu.gate_bias.skip=-2": "67fb8eb3",
    "norm=bn_pre residual=with": "ba98eba8",
    "dataset=cifar10 layout=cifar_15 mgu=reference": "c09f25b8",
}


def test_an_old_run_keeps_its_identity(configure: Configure) -> None:
    assert {overrides: configure(*overrides.split()).identity for overrides in PINNED} == PINNED


def test_the_identity_of_a_unit_is_all_that_it_computes(configure: Configure) -> None:
    shorter = ["mgu.processors.gn=[group_norm,activation,dropout]", "mgu.mixing=softmax", "mgu.residual_gate=false"]
    changes = ["mgu=equations", "mgu=equations mgu.gate=channel", "mgu=equations mgu.bypass=identity", "mgu=paths",
               "mgu=equations +mgu.skip_gate=false", *(f"mgu=paths {change}" for change in shorter)]  # fmt: skip
    assert len({configure(*change.split()).identity for change in changes}) == len(changes)
    paths = configure("mgu=paths")
    assert configure("mgu=paths", "mgu.wiring=other").identity == paths.identity  # like the name of a layout
    assert paths.mgu and paths.mgu.processors
    turned = paths.mgu.model_copy(update={"processors": dict(reversed(paths.mgu.processors.items()))})
    assert paths.model_copy(update={"mgu": turned}).identity != paths.identity


def test_other_paths_of_one_name_are_told_apart(configure: Configure) -> None:
    """Whatever changes what is trained: steps, their order, which gates there are."""
    changes = ["", "~mgu.processors.gn", "mgu.processors.gn=[rms_norm]", "+mgu.skip_gate=false",
               "mgu.residual_gate=false"]  # fmt: skip
    names = {configure("mgu=paths", *([change] if change else [])).name for change in changes}
    assert len(names) == len(changes) and "digits_3-mgu-paths-s0" in names


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ("mgu=reference mgu.residual_gate=false", "reference-nores"),
        ("mgu=equations mgu.gate=squeeze mgu.bypass=identity", "equations-gate-squeeze-bypass-identity"),
        ("mgu=paths mgu.mixing=softmax mgu.gate=scalar", "paths-gate-scalar-softmax"),
        ("mgu=lean", "equations-gate-channel-bypass-padded-norm_or_none+5"),
        ("mgu=equations mgu.gate_bias.skip=-2", "equations-skip-2"),
        ("mgu=highway", "highway-bypass-identity"),
        ("mgu=squeeze_excitation", "squeeze_excitation"),
        ("mgu=switchable_norm", "switchable_norm"),
        ("mgu=paths", "paths"),
        ("mgu=equations +mgu.skip_gate=false", "equations-noskip"),
    ],
)
def test_a_run_is_called_after_its_unit(overrides: str, name: str, configure: Configure) -> None:
    assert configure(*overrides.split()).name == f"digits_3-mgu-{name}-s0"


@pytest.mark.parametrize(
    ("overrides", "identity"),
    [
        ("", "8ce0b1fa"),
        ("layout=digits_2 norm=ln residual=with", "f23c915e"),
        ("layout=digits_4 mgu=reference", "cda7dbed"),
        ("dataset=mnist layout=mnist_4 mgu=equations seed=7", "034343f0"),
        ("dataset=cifar10 layout=cifar_15 norm=no_norm dataset.split=holdout", "50995dd8"),
        ("+experiment=mnist mgu=reference mgu.residual_gate=false", "edec334f"),
        ("layout=digits_3 engine=eager", "b3f1def2"),
    ],
)
def test_runs_keep_the_identity_that_they_were_trained_under(
    overrides: str, identity: str, configure: Configure
) -> None:
    """What is new must not enter where it is not used, or finished runs would be trained again."""
    assert configure(*overrides.split()).identity == identity


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("optimizer.lr=-1", "optimizer.lr must be greater than 0, or auto, but got -1"),
        ("optimizer.lr=fast", "optimizer.lr must be a valid number, or auto, but got 'fast'"),
        ("training.epochs=2.5", "training.epochs must be a valid integer, but got 2.5"),
        ("training.epochs=true", "training.epochs must be a valid integer, but got True"),
        ("training.epochs=0", "training.epochs must be greater than 0, but got 0"),
        ("layout.dropout=1", "layout.dropout must be less than 1, but got 1"),
        ("dataset.split=holdot", "dataset.split must be paper or holdout, but got 'holdot'. Did you mean holdout?"),
        ("layout.activation=sellu", "but got 'sellu'. Did you mean selu?"),
        ("device=gpu", "device must"),
        (
            "optimizer.lr=1e-46",
            "optimizer.lr must be at least 1.2e-38, the smallest number that float32 tells from 0, or",
        ),
        ("optimizer.lr=1e39", "optimizer.lr must be at most 3.4e+38, the largest number of float32, or auto, but got"),
        ("optimizer.eps=1e-40", "optimizer.eps must be at least 1.2e-38"),
        ("optimizer.weight_decay=1e-45", "optimizer.weight_decay must be at least 1.2e-38"),
        ("training.clip_norm=1e-39", "training.clip_norm must be at least 1.2e-38"),
        ("norm.eps=1e-50", "norm.eps must be at least 1.2e-38"),
        ("norm.momentum=1e-50", "norm.momentum must be at least 1.2e-38"),
        ("mgu=reference mgu.ln_eps=1e-45", "mgu.ln_eps must be at least 1.2e-38"),
        ("optimizer.beta1=0.99999999", "optimizer.beta1 must be less than 1, also when it is rounded to float32, but"),
        ("optimizer=momentum optimizer.momentum=0.99999999", "optimizer.momentum must be less than 1, also when"),
        ("training.ema=0.99999999", "training.ema must be less than 1, also when"),
        ("training.ema=1e-46", "training.ema must be at least 1.2e-38"),
        ("optimizer=momentum optimizer.momentum=1e-46", "optimizer.momentum must be at least 1.2e-38"),
        ("seed=-1", "seed must be greater than or equal to 0, but got -1"),
        ("seeds_at_once=0", "seeds_at_once must be greater than 0, but got 0"),
        ("energy.country=usa", "energy.country must"),
        ("+epoch=3", "Unknown key: epoch. Did you mean training.epochs?"),
        ("+training.epoch=3", "Did you mean training.epochs?"),
        ("mgu=reference norm=ln", "norm must not be set together with a unit, which learns it, but got norm=ln"),
        ("mgu=reference residual=with", "residual must not be set together with a unit"),
        ("mgu=equations mgu.gate_bias.skp=1", "skp"),
        ("+mgu.gate_bias.skp=1 mgu=equations", "skp"),
        ("mlflow.tracking_uri=x", "mlflow.tracking_uri"),
        ("mlflow=with mlflow.tracking_uri=http://me:secret@host", "the URI must be without a password"),
        ("~norm", "norm must be set for a baseline, but is missing"),
    ],
)
def test_a_wrong_value_is_named(overrides: str, message: str, configure: Configure) -> None:
    with pytest.raises(Exception) as caught:
        configure(*overrides.split())
    assert message in str(caught.value)


@pytest.mark.parametrize("override", ["optimizer.lr=1.2e-38", "optimizer.weight_decay=0", "optimizer.beta1=0.9999999"])
def test_what_float32_can_tell_from_0_and_1_is_legal(override: str, configure: Configure) -> None:
    configure(override)


def test_all_faults_are_listed_at_once(configure: Configure) -> None:
    with pytest.raises(UserError) as caught:
        configure("optimizer.lr=-1", "training.batch_size=0", "+epoch=3")
    assert len(str(caught.value).splitlines()) == 3


def test_a_name_that_is_no_text_is_told_without_the_faults_that_follow_from_it(configure: Configure) -> None:
    table = ("dataset=table", "dataset.path=a.csv", "dataset.target=y", "layout=dense_2")
    with pytest.raises(UserError, match=r"^dataset\.name must be a valid string, but got inf\.") as caught:
        configure(*table, "++dataset.name=inf")
    assert "\n" not in str(caught.value)
