"""`mgu-run plan`: sizes, states and estimates, without training; and the estimates themselves."""

from __future__ import annotations

import errno
import fcntl
import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mgu.config.run import RunConfig
from mgu.console.text import describe_s
from mgu.measure.estimate import CALL_FLOPS, NO_SAMPLE, Estimate, ModelSize, estimate
from mgu.measure.recipe import recipe_of
from mgu.measure.sample import Sample, axes_of, sample_of
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, HISTORY_FILE, LOCK_FILE
from mgu.results.on_disk.folder import find_state, lock_run, run_folder
from mgu.results.on_disk.result_file import write_result
from mgu.results.schema.seconds import Seconds
from mgu.sweep.concurrency import Concurrency
from mgu.sweep.plan import PlannedRun, _describe_total, _total
from mgu.sweep.sweep import Sweep
from mgu.sweep.todo import find_todo
from tests.conftest import Command, Configure
from tests.examples import example_result, example_unit

KEYS = {"name", "layout", "norm", "residual", "mgu", "params", "flops", "state", "est_time_s", "est_energy_kwh"}


def sample(**changes: Any) -> Sample:
    values: dict[str, Any] = {
        "dataset": "digits", "device": "cpu", "is_unit": False, "layout": "[2, 0, 1, inf, 2]",
        "axes": ("ln", False, None), "recipe": recipe_of({"training": {"batch_size": 64}}), "flops": 1000,
        "epoch_s": 2.0, "setup_s": 0.5, "overhead_s": 0.5, "epochs": 10,
        "stopped_early": True, "power_w": 36.0, "power_method": "CPU model", "source": "finished run",
    }  # fmt: skip
    return Sample(**(values | changes))


@pytest.mark.slow
def test_every_run_of_the_paper_is_listed_with_its_size(mgu_run: Command, data_root: str) -> None:
    done = mgu_run("plan", "+experiment=cifar", "--format", "json", MGU_DATA=data_root)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert len(plan["runs"]) == 28 and all(run.keys() >= KEYS for run in plan["runs"])
    first, unit = plan["runs"][0], [run for run in plan["runs"] if run["mgu"]]
    assert (first["layout"], first["norm"], first["residual"], first["state"]) == (
        "cifar_15", "bn_pre", True, "pending")  # fmt: skip
    assert [run["mgu"] for run in unit] == ["reference"] * 2 + ["equations"] * 2
    assert unit[0]["norm"] is unit[0]["residual"] is None
    assert first["est_time_s"] is None and plan["total"]["est_time_s"] is None
    unknown = {"est_time_s": None, "est_wall_clock_s": None, "est_energy_kwh": None}
    assert plan["total"] == {"runs": 28, "states": {"pending": 28}, "at_once": 1, **unknown}


@pytest.mark.slow
def test_states_and_estimates_from_finished_runs(mgu_run: Command) -> None:
    quick = ("training.epochs=3", "norm=ln", "residual=without")
    sweep = mgu_run("+experiment=digits", "-m", "layout=digits_2,digits_3", *quick)
    assert sweep.returncode == 0, sweep.stderr
    shown = mgu_run("plan", "+experiment=digits", *quick)
    assert "3 runs (2 done, 1 pending)" in shown.stdout, shown
    assert "1 estimated from 1 finished run of baselines, scaled by FLOPs (rough), CPU model" in shown.stdout
    plan = json.loads(mgu_run("plan", "+experiment=digits", *quick, "--format", "json").stdout)
    runs = {run["layout"]: run for run in plan["runs"]}
    assert [runs[f"digits_{n}"]["state"] for n in (2, 3, 4)] == ["done", "done", "pending"]
    assert runs["digits_3"]["est_time_s"] == 0 and 0 < runs["digits_4"]["est_time_s"] < 600
    assert 0 < runs["digits_4"]["est_energy_kwh"] < 1e-3
    assert plan["total"]["est_time_s"] == runs["digits_4"]["est_time_s"]


@pytest.mark.slow
def test_calibration_on_demand(mgu_run: Command) -> None:
    quick = ("+experiment=digits", "layout=digits_2", "norm=ln,bn_post", "training.epochs=3")
    shown = mgu_run("plan", *quick, "--calibrate")
    assert shown.returncode == 0, shown.stderr
    assert "calibration of" in shown.stdout and "at most: early stopping not foreseen" in shown.stdout
    assert "To be done, estimated" in shown.stdout and "4 pending" in shown.stdout


def test_the_wall_clock_is_that_of_the_schedule(configure: Configure) -> None:
    config, model = configure("layout=digits_2"), ModelSize("cpu", 10, 1000)
    times = (10.0, 70.0, 10.0, 50.0)
    runs = [PlannedRun(config, "run", {}, model, "pending", Estimate(time_s, None, "guess")) for time_s in times]
    one, two = Concurrency(), Concurrency(2, 1)
    assert _total(runs, one)["est_wall_clock_s"] == _total(runs, one)["est_time_s"] == 140.0
    assert _total(runs, two)["est_wall_clock_s"] == 70.0 and _total(runs, two)["at_once"] == 2
    assert any("2 runs at once, the longest first: at least 1 min 10 s" in line for line in _describe_total(runs, two))
    assert not any("at once" in line for line in _describe_total(runs, one))
    runs.append(PlannedRun(config, "run", {}, model, "pending", NO_SAMPLE))
    assert _total(runs, two)["est_wall_clock_s"] is None


def test_states_on_disk(configure: Configure) -> None:
    config = configure("layout=digits_2")
    folder = run_folder(config)
    assert find_state(config) == "pending"
    folder.mkdir(parents=True)
    (folder / CHECKPOINT_FILE).write_text("")
    assert find_state(config) == "interrupted"
    with lock_run(folder) as is_ours:
        assert is_ours and find_state(config) == "running"
    assert (folder / LOCK_FILE).exists() and find_state(config) == "interrupted"


@pytest.mark.parametrize(
    ("failed", "told"), [(0, "3 to train"), (1, "3 to train, 1 of them again, for it failed"),
                         (2, "3 to train, 2 of them again, for they failed")],
)  # fmt: skip
def test_a_sweep_says_how_many_runs_it_tries_again(failed: int, told: str, configure: Configure) -> None:
    configs = [configure("layout=digits_2", f"seed={seed}") for seed in range(3)]
    for config in configs[:failed]:
        run_folder(config).mkdir(parents=True)
        write_result(run_folder(config), example_result(status="failed", identity=config.identity, error="a bad day"))
    sweep = Sweep(configs)
    sweep.models = {config.identity: ModelSize("cpu", 10, 1000) for config in configs}
    sweep.todo = {run_folder(config): config for config in configs}
    states = {run_folder(config): find_state(config) for config in configs}
    assert sweep._describe(states) == f"on cpu: 0 done, {told}"


def test_a_sweep_tells_runs_that_another_process_trains_from_those_that_broke_off(configure: Configure) -> None:
    configs = [configure("layout=digits_2", f"seed={seed}") for seed in range(3)]
    for config in configs[:2]:
        run_folder(config).mkdir(parents=True)
        (run_folder(config) / CHECKPOINT_FILE).write_text("")
        (run_folder(config) / HISTORY_FILE).write_text("epoch\n1\n")
    sweep = Sweep(configs)
    sweep.models = {config.identity: ModelSize("cpu", 10, 1000) for config in configs}
    with lock_run(run_folder(configs[0])):
        todo = find_todo(configs)
        sweep.todo = todo.runs
        told = sweep._describe(todo.states)
    assert told == (
        "on cpu: 0 done, 3 to train, 1 of them is being trained by another process, "
        "1 of them from where they were interrupted"
    )


def test_the_state_of_another_user_s_run_is_told(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure("layout=digits_2")
    folder = run_folder(config)
    folder.mkdir(parents=True)
    (folder / CHECKPOINT_FILE).write_text("")
    (folder / LOCK_FILE).touch()

    def may_not_write(lock: FileLock, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", lock.lock_file)

    monkeypatch.setattr(FileLock, "acquire", may_not_write)
    assert find_state(config) == "interrupted"
    with (folder / LOCK_FILE).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert find_state(config) == "running"


def test_faults_of_all_runs_are_listed_at_once_and_nothing_is_trained(mgu_run: Command) -> None:
    done = mgu_run("plan", "layout=digits_2,mnist_4", "seed=0,-1")
    assert done.returncode == 2 and "layer 3" in done.stderr and "seed must be" in done.stderr
    wrong = mgu_run("plan", "layout=digits_2", "--format", "xml")
    assert wrong.returncode == 2


def test_the_nearest_runs_are_gone_by(configure: Configure) -> None:
    config = configure("layout=digits_2", "norm=bn_pre")
    same = {"layout": "[2, 0, 1, inf, 2]", "axes": ("bn_pre", False, None)}
    samples = [sample(epoch_s=4.0, **same), sample(), sample(is_unit=True, axes=(None, None, "reference"))]
    model = ModelSize("cpu", 10, 1000)
    found = estimate(config, model, samples)
    assert found.time_s == pytest.approx(4.0 * 10 + 1.0) and "1 finished run of this model" in found.method
    assert found.energy_kwh == pytest.approx(36.0 * 40.5 / 3.6e6)  # without the set-up
    half = estimate(config, ModelSize("cpu", 10, 500), samples[1:])
    assert (
        half.time_s == pytest.approx(2.0 * (500 + CALL_FLOPS) / (1000 + CALL_FLOPS) * 10 + 1.0)
        and "of this layout, scaled by FLOPs (rough)" in half.method
    )
    assert estimate(config, model, samples, epochs_done=8).time_s == pytest.approx(4.0 * 2 + 1.0)
    assert estimate(config, model, samples, epochs_done=20).time_s == pytest.approx(4.0 * config.training.patience + 1)
    for nothing in (estimate(config, ModelSize("cuda", 10, 1000), samples), estimate(config, model, [])):
        assert nothing.time_s is nothing.energy_kwh is None and "not known" in nothing.method


def test_a_trial_of_few_epochs_does_not_tell_when_training_ends(configure: Configure) -> None:
    config = configure("layout=digits_2", "norm=ln", "training.epochs=50")
    model, trial = ModelSize("cpu", 10, 1000), sample(epochs=3, stopped_early=False)
    found = estimate(config, model, [trial])
    assert found.time_s == pytest.approx(2.0 * 50 + 1) and "at most" in found.method
    assert estimate(configure("layout=digits_2", "norm=ln", "training.epochs=3"), model, [trial]).time_s == 2.0 * 3 + 1
    assert estimate(config, model, [trial, sample(epochs=20)]).time_s == pytest.approx(2.0 * 20 + 1)


def test_a_run_that_stopped_for_now_does_not_tell_when_training_ends(configure: Configure) -> None:
    quick = ("layout=digits_2", "norm=ln", "training.epochs=60", "training.patience=60")

    def finished(config: RunConfig) -> Sample:
        values = json.loads(config.model_dump_json())
        found = sample_of(example_result(config=values, epochs=2, layout=config.layout.as_list, flops_per_sample=1000))
        assert found and not found.stopped_early
        return found._replace(device="cpu")

    config, stopped, model = configure(*quick), configure(*quick, "training.stop_after=2"), ModelSize("cpu", 10, 1000)
    epoch_s, overhead_s = finished(stopped).epoch_s, finished(stopped).setup_s + finished(stopped).overhead_s
    found = estimate(config, model, [finished(stopped)])
    assert found.time_s == pytest.approx(60 * epoch_s + overhead_s) and "at most" in found.method
    found = estimate(stopped, model, [finished(stopped)])
    assert found.time_s == pytest.approx(2 * epoch_s + overhead_s) and "at most" not in found.method
    assert estimate(stopped, model, [finished(stopped)], epochs_done=7).time_s == pytest.approx(overhead_s)


RECIPES = ["training.batch_size=4", "augment=randaugment", "training.ema=0.99", "optimizer=adamw", "threads=1",
           "training.precise_bn=100", "engine=eager", "training.clip_norm=1", "training.precision=bf16"]  # fmt: skip


@pytest.mark.parametrize("changed", RECIPES)
def test_a_run_with_another_recipe_says_little(changed: str, configure: Configure) -> None:
    config, model = configure("layout=digits_2", "norm=ln", changed), ModelSize("cpu", 10, 1000)
    found = estimate(config, model, [sample()])
    assert found.is_rough and "1 finished run of this model, with another recipe (rough)" in found.method
    alike = sample(recipe=recipe_of(json.loads(config.model_dump_json())), epoch_s=5.0, axes=("bn_pre", False, None))
    found = estimate(config, model, [sample(), alike])
    assert not found.is_rough and found.time_s == pytest.approx(5.0 * 10 + 1) and "(rough)" not in found.method


def test_a_penalty_on_gates_is_a_recipe_of_its_own(configure: Configure) -> None:
    plain, *decisive = [
        recipe_of(configure("mgu=reference", *changes).model_dump(mode="json"))
        for changes in ((), ("mgu.decisive.weight=1",), ("mgu.decisive.gates=settling",))
    ]
    assert plain == recipe_of({"training": {"batch_size": 64}}) and plain not in decisive


def test_what_says_nothing_of_a_quiet_run_is_not_gone_by() -> None:
    assert sample_of(example_result()) is not None
    useless: list[dict[str, Any]] = [
        {"contended": True},
        {"resumed": 1},
        {"status": "diverged"},
        {"seconds": None},
        {"epochs": 0},
    ]
    assert [sample_of(example_result(**change)) for change in useless] == [None] * len(useless)
    found = sample_of(example_result(seconds=Seconds(setup=1.0, build=2.0, train=24.0, evaluate=4.0), epochs=12))
    assert (
        found
        and found.epoch_s == 2.0
        and (found.setup_s, found.overhead_s) == (1.0, 6.0)
        and found.power_method == "CPU model"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
     (59.6, "1 min"), (200, "3 min 20 s"), (3500, "58 min"), (3599, "1 h 0 min"),
     (18_600, "5 h 10 min"), (273_600, "3 d 4 h")],
)  # fmt: skip
def test_durations_read_well(seconds: float, text: str) -> None:
    assert describe_s(seconds) == text


def test_a_model_of_more_flops_is_not_as_much_slower(configure: Configure) -> None:
    """The digits baselines on one thread of a Xeon: 0.06 s an epoch at 0.16 million FLOPs, 0.37 s at 3.8 million."""
    small = sample(flops=158_464, epoch_s=0.06, overhead_s=0.0, layout="[2]")
    found = estimate(configure("layout=digits_4", "training.epochs=10"), ModelSize("cpu", 10, 3_845_504), [small])
    assert found.time_s is not None and 2.5 < found.time_s < 5.5 and found.is_rough


def test_a_calibration_is_of_use_where_only_other_layouts_are_known(configure: Configure) -> None:
    config, model, other = configure("layout=digits_4"), ModelSize("cpu", 10, 2000), sample(layout="another")
    assert estimate(config, model, [other]).is_rough
    own = sample(layout=config.layout.as_list, flops=2000, epoch_s=7.0, epochs=None)
    found = estimate(config, model, [other, own])
    assert not found.is_rough and found.time_s == pytest.approx(7.0 * config.training.epochs + 1)


@pytest.mark.slow
def test_two_experiments_with_the_same_run_have_two_states(mgu_run: Command, tmp_path: Path) -> None:
    quick = ("layout=digits_2", "training.epochs=1", "energy.enabled=false")
    assert mgu_run("experiment_name=a", *quick).returncode == 0
    plan = json.loads(mgu_run("plan", "experiment_name=a,b", *quick, "--format", "json").stdout)
    assert [run["state"] for run in plan["runs"]] == ["done", "pending"]
    sweep = mgu_run("-m", "experiment_name=a,b", *quick)
    assert "1 done (force=true trains them again), 1 to train" in sweep.stdout and "2 runs: 2 ok" in sweep.stdout
    assert len(list(tmp_path.glob("runs/*/*/result.json"))) == 2


def test_a_result_of_another_run_is_not_this_ones(configure: Configure) -> None:
    config = configure("layout=digits_2")
    folder = run_folder(config)
    folder.mkdir(parents=True)
    write_result(folder, example_result(identity=config.identity))
    assert find_state(config) == "done"
    write_result(folder, example_result(identity="deadbeef"))
    assert find_state(config) == "pending"


@pytest.mark.parametrize("unit", ["mgu=reference", "mgu=paths", "mgu=squeeze_excitation"])
def test_a_finished_unit_is_a_sample_of_the_same_unit(unit: str, configure: Configure) -> None:
    config = configure(unit)
    found = sample_of(example_unit(config=json.loads(config.model_dump_json())))
    assert found and found.axes == axes_of(config) and found.is_unit
    older = {"training": {"epochs": 30}, "mgu": {"wiring": "reference", "learned": True}}
    assert (sample := sample_of(example_unit(config=older))) and sample.axes == (None, None, "reference")


def test_a_model_without_flops_is_estimated_from_the_same_model_only(configure: Configure) -> None:
    config = configure("layout=digits_2", "norm=ln")
    model, dense = ModelSize("cpu", 10, 0), sample(layout="another")
    assert estimate(config, model, [sample(), dense]).time_s is None
    own = sample_of(example_result(flops_per_sample=0))
    assert own and own.flops == 0 and sample_of(example_result(flops_per_sample=None)) is None
    same = sample(flops=0, epoch_s=4.0)
    assert estimate(config, model, [dense, same]).time_s == pytest.approx(4.0 * 10 + 1.0)
    assert estimate(config, ModelSize("cpu", 10, 1000), [same]).time_s is None
    assert "cannot be built" in estimate(config, ModelSize("cpu", None, None), [same]).method
