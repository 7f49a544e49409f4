"""Training on a GPU: its optimizer, the recorded step, TF32, torch.compile. What needs a GPU is skipped without one."""

from __future__ import annotations

import copy
import itertools
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from mgu import MultiGatedUnit
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.errors import UserError
from mgu.factory.compile import compile_ahead
from mgu.factory.device import allow_tf32
from mgu.factory.engine import check_engine
from mgu.factory.learner import build_fit_settings, build_learner, build_step_wrapper
from mgu.factory.resolved_run import resolve
from mgu.native import library as native
from mgu.tasks.classification import Classification
from mgu.train.cuda_graph import WARM_UP, ReplayedStep
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.loop import evaluate, train_epoch
from mgu.train.nadam import OnePassNAdam
from mgu.train.step import Step
from tests.conftest import Configure
from tests.run.test_resume import evidence
from tests.run.test_resume import train as train_with_interruptions
from tests.train.test_train import parameters_of

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it once, when the first test starts it

CUDNN: Any = torch.backends.cudnn  # types lack some of its settings
NUMBERS: dict[str, Any] = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-7, "momentum_decay": 0.004}
CUDA = torch.device("cuda")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU: CUDA graphs were not tried")


def stepped(optimizer: torch.optim.Optimizer, gradients: list[list[torch.Tensor]]) -> None:
    """By a rate that falls as the protocol's does."""
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + 0.1 * step))
    for of_step in gradients:
        for p, gradient in zip(optimizer.param_groups[0]["params"], of_step, strict=True):
            p.grad = gradient.clone(memory_format=torch.preserve_format)
        optimizer.step()
        schedule.step()


def test_the_gpus_nadam_is_torchs() -> None:
    """In float64 to the last digits; in float32 as near to that as torch's own comes."""
    exact = parameters_of(torch.float64)[:3]
    gradients = [[torch.randn_like(p) * 10 ** -(step % 5) for p in exact] for step in range(60)]
    outcomes: list[torch.Tensor] = []
    states = []
    for kind, dtype in itertools.product((torch.optim.NAdam, DeviceNAdam), (torch.float64, torch.float32)):
        parameters = [nn.Parameter(p.detach().to(dtype, copy=True)) for p in exact]
        optimizer = kind(parameters, **NUMBERS)
        stepped(optimizer, [[gradient.to(dtype) for gradient in of_step] for of_step in gradients])
        outcomes.append(torch.cat([p.detach().double().flatten() for p in parameters]))
        states.append(optimizer.state_dict()["state"])
    reference, single, double, ours = outcomes
    torch.testing.assert_close(double, reference, rtol=1e-6, atol=1e-6)  # torch keeps the product of mu in float32
    assert (ours - reference).abs().max() <= 1.5 * (single - reference).abs().max()
    assert (ours - single).abs().max() < 1e-5
    for key, state in states[3].items():
        torch.testing.assert_close(state, {name: states[1][key][name] for name in state}, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "kinds", [(DeviceNAdam, OnePassNAdam), (OnePassNAdam, DeviceNAdam), (DeviceNAdam, DeviceNAdam)]
)
def test_a_checkpoint_of_the_gpu_goes_on_on_the_cpu_and_back(kinds: tuple[Any, Any]) -> None:
    """Counters that parameters share must not be counted up once for each of them."""
    parameters = parameters_of(torch.float32)
    gradients = [[torch.randn_like(p) for p in parameters] for _ in range(20)]
    whole = copy.deepcopy(parameters)
    stepped(torch.optim.NAdam(whole, **NUMBERS), gradients[:10])
    first, second = kinds[0](parameters, **NUMBERS), kinds[1](parameters, **NUMBERS)
    stepped(first, gradients[:10])
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for optimizer in (first, second):
        optimizer.param_groups[0]["lr"] = 0.01
    plain = torch.optim.NAdam(whole, **NUMBERS)
    plain.load_state_dict(first.state_dict())
    plain.param_groups[0]["lr"] = 0.01
    for index in range(10, 20):
        for p, q, gradient in zip(parameters, whole, gradients[index], strict=True):
            p.grad, q.grad = (gradient.clone(memory_format=torch.preserve_format) for _ in range(2))
        second.step()
        plain.step()
    torch.testing.assert_close(parameters, whole, rtol=1e-6, atol=1e-6)
    assert {float(state["step"]) for state in second.state_dict()["state"].values()} == {20.0}


def test_parameters_that_were_stepped_unequally_are_refused() -> None:
    parameters = parameters_of(torch.float32)[:2]
    uneven = OnePassNAdam(parameters, **NUMBERS)
    for trained in (parameters, parameters[:1]):
        for p in parameters:
            p.grad = torch.ones_like(p) if any(p is t for t in trained) else None
        uneven.step()
    ours = DeviceNAdam(parameters, **NUMBERS)
    ours.load_state_dict(uneven.state_dict())
    with pytest.raises(ValueError, match="equally often"):
        ours.step()


class PretendedRecorder:
    """Stands in for CUDA: it does at the replay, and not before, what would have been recorded."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.warm_ups, self.recordings, self.replays = fails, 0, 0, 0

    def warm_up(self, work: Callable[[], None]) -> None:
        self.warm_ups += 1
        work()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing\nand so on")
        self.recordings += 1

        def replay() -> None:
            self.replays += 1
            work()

        return replay


def digits_step(configure: Configure, *overrides: str) -> tuple[Step, Any]:
    config = configure("layout=digits_2", "mgu=reference", *overrides)
    learner = build_learner(resolve(config))
    optimizer = DeviceNAdam(learner.model.parameters(), **NUMBERS)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + 1e-4 * step))
    images = open_dataset(config.dataset).splits.train.subset(torch.arange(5 * 64 + 29))
    return Step(learner.model, images, learner.task, optimizer), schedule


def two_epochs(step: Any, schedule: Any) -> list[dict[str, float]]:
    shuffle = torch.Generator().manual_seed(0)
    torch.manual_seed(1)  # dropout
    return [train_epoch(step, schedule, 64, shuffle) for _ in range(2)]


def test_a_replayed_step_does_what_the_step_does(configure: Configure) -> None:
    plain, recorded = digits_step(configure), digits_step(configure)
    recorder = PretendedRecorder()
    replayed = ReplayedStep(recorded[0], [64], recorder=recorder)  # type: ignore[arg-type]
    assert two_epochs(*plain) == two_epochs(replayed, recorded[1])
    batches, (full, last) = 2, divmod(len(plain[0].data), 64)
    assert last and (recorder.warm_ups, recorder.recordings) == (WARM_UP, 1)
    assert recorder.replays == batches * full - WARM_UP
    assert all(
        torch.equal(p, q) for p, q in zip(plain[0].model.parameters(), recorded[0].model.parameters(), strict=True)
    )


def test_what_has_moved_in_memory_is_recorded_anew(configure: Configure) -> None:
    step, schedule = digits_step(configure)
    recorder = PretendedRecorder()
    replayed = ReplayedStep(step, [64], recorder=recorder)  # type: ignore[arg-type]
    two_epochs(replayed, schedule)
    readout: Any = step.model.readout
    readout.weight.data = readout.weight.data.clone()
    two_epochs(replayed, schedule)
    assert recorder.recordings == 2
    step.optimizer.load_state_dict(step.optimizer.state_dict())
    for state in step.optimizer.state.values():
        state["exp_avg"] = state["exp_avg"].clone()
    two_epochs(replayed, schedule)
    assert recorder.recordings == 3


def test_what_cannot_be_recorded_is_said_once_and_computed_as_it_is(
    configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    plain, failing = digits_step(configure), digits_step(configure)
    with caplog.at_level(logging.WARNING):
        replayed = ReplayedStep(failing[0], [64], recorder=PretendedRecorder(fails=True))  # type: ignore[arg-type]
        assert two_epochs(*plain) == two_epochs(replayed, failing[1])
    (record,) = [each for each in caplog.records if each.name.startswith("mgu")]
    assert "cannot be a CUDA graph here: operation not permitted when stream is capturing" in record.message
    required = ReplayedStep(failing[0], [64], is_required=True, recorder=PretendedRecorder(fails=True))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="not permitted"):
        two_epochs(required, failing[1])


def test_how_it_is_computed_is_configured_and_the_defaults_are_of_no_identity(configure: Configure) -> None:
    config = configure()
    assert "tf32" in config.model_dump() and not config.tf32 and config.step == "auto"
    others = [configure(override).identity for override in ("tf32=true", "step=graph", "step=eager", "engine=compiled")]
    assert len({config.identity, *others}) == 5
    learner = build_learner(resolve(config))
    step = Step(learner.model, open_dataset(config.dataset).splits.train, learner.task, learner.optimizer)
    assert build_step_wrapper(config, learner.optimizer)(step) is step  # on the CPU there is nothing to record
    with pytest.raises(UserError, match="step must be auto or eager on cpu, but got graph"):
        check_engine(resolve(configure("step=graph")))


@pytest.fixture
def tf32_put_back() -> Iterator[None]:
    yield
    torch.set_float32_matmul_precision("highest")
    CUDNN.conv.fp32_precision = "tf32"  # stock torch


@pytest.mark.usefixtures("tf32_put_back")
@pytest.mark.parametrize(("is_allowed", "precision"), [(True, "tf32"), (False, "ieee")])
def test_tf32_is_allowed_for_both_kinds_of_product_or_for_none(is_allowed: bool, precision: str) -> None:
    allow_tf32(is_allowed)
    assert CUDNN.conv.fp32_precision == precision
    assert torch.backends.cuda.matmul.fp32_precision == precision
    assert torch.backends.cuda.matmul.allow_tf32 == is_allowed  # which torch's compiler may still ask for


@pytest.mark.long
def test_a_compiled_model_is_the_plain_one_and_is_compiled_no_more_once_training_began(configure: Configure) -> None:
    if native.find_compiler() is None:
        pytest.skip("there is no C++ compiler: torch.compile was not tried")
    words = ("layout=digits_2", "layout.num_layers=1", "layout.dropout=0", "mgu=reference")
    config = configure(*words, "engine=compiled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's compiler warns of itself
        compile_ahead(resolve(config))
    compiled, plain = (build_learner(resolve(c)).model for c in (config, configure(*words, "engine=eager")))
    images, task = resolve(config).splits.train, Classification(10)
    with torch.compiler.set_stance("fail_on_recompile"):
        for size in (64, 29):
            inputs, targets = images.batch(torch.arange(size))
            for model in (compiled, plain):
                model.zero_grad()
                task.loss(model.train()(inputs), targets).backward()
            gradients = [{name: p.grad for name, p in model.named_parameters()} for model in (compiled, plain)]
            torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)
        outcomes = [evaluate(model, images, task, batch_size=1000) for model in (compiled, plain)]
    assert outcomes[0] == pytest.approx(outcomes[1], rel=1e-5)
    torch.testing.assert_close(compiled.state_dict(), plain.state_dict(), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_where_nothing_can_be_compiled_the_engine_is_refused(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **keywords: object) -> None:
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr("torch._inductor.compile_fx.compile_fx", fails)
    torch._dynamo.reset()
    config = configure("layout=digits_2", "norm=ln", "engine=compiled")
    with pytest.raises(UserError, match=r"torch.compile fails on cpu, but got compiled \(.*No working C\+\+ compiler"):
        compile_ahead(resolve(config))


@pytest.fixture
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def trained_on_cuda(config: RunConfig) -> tuple[list[dict[str, float]], Any]:
    resolved = resolve(config.model_copy(update={"device": "cuda"}))
    learner, shuffle = build_learner(resolved), torch.Generator().manual_seed(0)
    images = resolved.splits.train
    step = build_step_wrapper(config, learner.optimizer)(Step(learner.model, images, learner.task, learner.optimizer))
    sampling = build_fit_settings(config).sampling
    return [train_epoch(step, learner.schedule, 64, shuffle, sampling=sampling) for _ in range(2)], step


@needs_cuda
@pytest.mark.usefixtures("tf32_put_back", "deterministic")
@pytest.mark.parametrize(
    "model",
    ["norm=ln", "norm=bn_pre residual=with", "mgu=reference", "mgu=equations", "norm=ln dataset.sampling=balanced",
     "norm=ln dataset.class_weights=balanced"],
)  # fmt: skip
def test_a_graph_trains_as_its_kernels_one_by_one(model: str, configure: Configure) -> None:
    """46 steps, two of them on partial batches, with dropout."""
    words = ("layout=digits_2", *model.split(), "layout.dropout=0.3")
    allow_tf32(False)
    graph, step = trained_on_cuda(configure(*words, "step=graph"))
    assert isinstance(step, ReplayedStep) and step.replays
    kernels, step = trained_on_cuda(configure(*words, "step=eager"))
    assert isinstance(step, Step)
    for ours, theirs in zip(graph, kernels, strict=True):
        assert ours == pytest.approx(theirs, rel=2e-3)  # another dropout would be percents away
    assert trained_on_cuda(configure(*words, "step=graph"))[0] == graph


@needs_cuda
@pytest.mark.usefixtures("tf32_put_back", "deterministic")
def test_a_graph_goes_on_from_a_checkpoint_with_the_same_bits(configure: Configure) -> None:
    words = ("layout=digits_2", "mgu=reference", "layout.dropout=0.3", "training.epochs=4", "device=cuda",
             "deterministic=true", "step=graph")  # fmt: skip
    whole, broken = (configure(*words, f"experiment_name={name}") for name in ("whole", "broken"))
    train_with_interruptions(whole)
    train_with_interruptions(broken, 1, 2)
    assert evidence(whole) == evidence(broken)


@needs_cuda
@pytest.mark.usefixtures("tf32_put_back")
def test_tf32_rounds_convolutions_and_products_only_where_it_is_allowed() -> None:
    a, b = torch.randn(8, 64, 32, 32, device=CUDA), torch.randn(64, 64, 3, 3, device=CUDA)
    ways: list[Callable[..., torch.Tensor]] = [nn.functional.conv2d, lambda a, b: a.flatten(1) @ a.flatten(1).T]
    for way in ways:
        exact = way(a.double(), b.double())
        errors = []
        for is_allowed in (False, True):
            allow_tf32(is_allowed)
            errors.append(float((way(a, b) - exact).norm() / exact.norm()))
        assert errors[0] < 1e-5 < errors[1] < 5e-3


@needs_cuda
@pytest.mark.parametrize("wiring", ["equations", "reference"])
def test_a_wide_unit_on_cuda_is_the_plain_one(wiring: str) -> None:
    layer = nn.Conv2d(3, 8, 3, padding=1, device=CUDA, dtype=torch.float64)
    unit = MultiGatedUnit(layer, wiring=wiring)
    x = torch.randn(4, 3, 9, 9, device=CUDA, dtype=torch.float64)
    outcomes = []
    for engine in ("native", "packed", "eager"):
        unit.zero_grad()
        unit.engine = engine
        out = unit(x)
        out.square().sum().backward()
        outcomes.append([out.detach(), *(p.grad for p in unit.parameters())])
    for outcome in outcomes[:2]:
        torch.testing.assert_close(outcome, outcomes[2])
