"""Runs side by side: the longest first, the same bits, and what becomes of failures; most processes only pretend."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgu.config.run import RunConfig
from mgu.errors import ProgramError, UserError
from mgu.isolation import Send
from mgu.measure.estimate import ModelSize
from mgu.results.events import Ended, EpochEnded, RunEvent
from mgu.results.on_disk.folder import find_result, lock_run, run_folder
from mgu.results.on_disk.result_file import read_result, write_result
from mgu.sweep.concurrency import Concurrency, check_launcher, find_concurrency
from mgu.sweep.room import Room
from mgu.sweep.schedule import longest_first, makespan
from mgu.sweep.side_by_side import launch_side_by_side
from mgu.sweep.sweep import Sweep
from mgu.sweep.watch import Watch
from tests.conftest import Command, Configure
from tests.evidence import evidence
from tests.examples import example_result
from tests.sweep.gate import write_gate

PRETEND = "tests.sweep.test_side_by_side:pretend"
ROW = {"epoch": 1, "train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.75}


def pretend(send: Send, configs: list[RunConfig], threads: int | None) -> None:
    """Ends as the seed says, instead of training."""
    (config,) = configs
    send(RunEvent(0, EpochEnded(ROW)))
    if config.seed == 1:
        os._exit(7)
    if config.seed == 2:
        raise ValueError("a bad day")
    if config.seed == 3:
        time.sleep(600)
    if config.seed == 4:
        raise UserError("the data must be there, but are not. Fetch them.")
    time.sleep(0.1)
    result = example_result(identity=config.identity, name=config.name, seed=config.seed, params_keras=threads)
    write_result(run_folder(config), result)
    send(RunEvent(0, Ended(result)))


Pretending = Callable[..., Sweep]


@pytest.fixture
def pretending(monkeypatch: pytest.MonkeyPatch) -> Pretending:
    """A sweep whose processes pretend; its models have as many FLOPs as told, the last one most by default."""
    monkeypatch.setattr("mgu.sweep.jobs.RUN", PRETEND)
    monkeypatch.setattr("mgu.sweep.room.free_memory", lambda: None)  # whatever else this machine is busy with

    def build(configs: list[RunConfig], slots: int = 2, millions: list[int] | None = None) -> Sweep:
        sweep = Sweep(configs)
        sizes = millions or list(range(1, len(configs) + 1))
        sweep.concurrency = Concurrency(slots, 3)
        sweep.models = {
            config.identity: ModelSize("cpu", 10, 10**6 * flops) for config, flops in zip(configs, sizes, strict=True)
        }
        sweep.todo = {run_folder(config): config for config in configs}
        return sweep

    return build


def numbers(shown: str) -> list[int]:
    """Of the jobs, in the order in which they ended."""
    return [int(line.split()[0]) for line in shown.splitlines() if line[:3].strip().isdecimal()]


def test_the_longest_jobs_come_first_and_fill_the_gaps_at_the_end() -> None:
    assert longest_first([1.0, 5.0, 1.0, 7.0]) == [3, 1, 0, 2]
    assert makespan([1.0, 5.0, 1.0, 7.0], 1) == 14.0 and makespan([1.0, 5.0, 1.0, 7.0], 2) == 7.0
    assert makespan([3.0], 2, busy=[4.0, 1.0]) == 4.0 and makespan([], 2) == 0.0


def test_one_slot_trains_jobs_in_their_own_order(
    pretending: Pretending, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = [configure(f"seed={seed}") for seed in range(10, 14)]
    sweep = pretending(configs, 1, [1, 3, 4, 2])
    assert launch_side_by_side(sweep, [[config] for config in configs], range(1, 9)) == [["done"]] * 4
    assert numbers(capsys.readouterr().out) == [1, 2, 3, 4] and not sweep.todo
    assert {read_result(run_folder(config) / "result.json").params_keras for config in configs} == {3}  # threads


def test_known_times_decide_before_sizes_and_what_is_done_is_said_at_once(
    pretending: Pretending, configure: Configure
) -> None:
    configs = [configure(f"seed={seed}", f"training.epochs={epochs}") for seed, epochs in ((1, 5), (2, 50), (3, 2))]
    sweep = pretending(configs, 2, [1, 1, 1])
    del sweep.todo[run_folder(configs[2])]
    first, second, done = sweep.expect([[config] for config in configs])
    assert done > second > first > 0


def test_two_run_at_once_the_longest_first_and_a_third_begins_when_one_is_over(
    pretending: Pretending, configure: Configure
) -> None:
    configs = [configure(f"seed={seed}") for seed in range(10, 14)]
    begun: list[int] = []
    most = 0
    sweep = pretending(configs, 2, [1, 3, 4, 2])
    started = sweep.view.started

    def on_start(own: Any, folder: str) -> None:
        nonlocal most
        begun.append(own[0].seed)
        started(own, folder)
        most = max(most, len(sweep.view.trainings))

    sweep.view.started = on_start  # type: ignore[method-assign,assignment]
    assert launch_side_by_side(sweep, [[config] for config in configs], range(1, 9)) == [["done"]] * 4
    assert begun == [12, 11, 13, 10] and most == 2


def test_a_run_that_fails_leaves_the_others_alone(
    pretending: Pretending, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    """One exits, one raises, one hangs, one has no data, one is well; each has the answer of its own place."""
    configs = [configure(f"seed={seed}", *["training.timeout=1"] * (seed == 3)) for seed in range(6)]
    answers = launch_side_by_side(pretending(configs), [[config] for config in configs], range(1, 9))
    assert [answer for answer in answers if isinstance(answer, list)] == [
        ["done"], ["failed"], ["failed"], ["failed"], ["done"]]  # fmt: skip
    assert isinstance(answers[4], UserError) and not run_folder(configs[4]).exists()
    errors = [(result := find_result(config)) and result.error for config in configs]
    assert errors[0] is errors[5] is None and "exit code 7" in str(errors[1]) and "a bad day" in str(errors[2])
    assert "longer than training.timeout=1 s" in str(errors[3])
    assert sorted(numbers(capsys.readouterr().out)) == [1, 2, 3, 4, 6]


def test_an_interrupt_ends_all_processes_and_frees_their_folders(
    pretending: Pretending, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = [configure("seed=3", f"training.epochs={epochs}") for epochs in (2, 3, 4)]
    sweep, watches = pretending(configs), list[Watch]()

    def interrupt(watch: Watch, message: Any) -> None:
        watches.append(watch)
        if len(watches) == 2:  # both have an epoch
            raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "on_event", interrupt)
    with pytest.raises(KeyboardInterrupt):
        launch_side_by_side(sweep, [[config] for config in configs], range(1, 9))
    assert all(watch.call.child.exit_code == -9 for watch in watches) and len(sweep.todo) == 3
    assert not sweep.view.trainings and not list(Path(configs[0].runs_dir or "").rglob("result.json"))
    for config in configs[1:]:
        with lock_run(run_folder(config)) as is_ours:
            assert is_ours


def test_a_bug_of_ours_is_told_as_one(
    pretending: Pretending, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = [configure(f"seed={seed}") for seed in (10, 11)]

    def trip(watch: Watch, message: Any) -> None:
        if watch.configs[0].seed == 10:
            raise LookupError("of a view")
        own_on_event(watch, message)

    own_on_event = Watch.on_event
    monkeypatch.setattr(Watch, "on_event", trip)
    first, second = launch_side_by_side(pretending(configs), [[config] for config in configs], range(1, 9))
    assert isinstance(first, ProgramError) and "LookupError" in first.traceback and second == ["done"]


def test_two_runs_of_one_folder_follow_one_another(
    pretending: Pretending, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = [configure("seed=10"), configure("seed=10", "training.timeout=60")]
    assert launch_side_by_side(pretending(configs), [[config] for config in configs], range(1, 9)) == [
        ["done"],
        ["done"],
    ]
    assert "another process" not in (shown := capsys.readouterr().out) and shown.count("(was there)") == 1


def test_a_run_of_another_process_is_left_to_it(pretending: Pretending, configure: Configure) -> None:
    configs = [configure(f"seed={seed}") for seed in (10, 11)]
    run_folder(configs[1]).mkdir(parents=True)
    with lock_run(run_folder(configs[1])):
        answers = launch_side_by_side(pretending(configs), [[config] for config in configs], range(1, 9))
    assert answers == [["done"], ["busy"]]


def test_auto_has_as_many_runs_as_there_are_cores_for(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgu.sweep.concurrency.count_cores", lambda: 8)
    free, three = configure("parallel=auto"), configure("parallel=auto", "threads=3")
    assert (
        find_concurrency([free]) == (8, 1)
        and find_concurrency([three]).number == 2
        and find_concurrency([free, three]).number == 2
    )
    assert find_concurrency([configure("parallel=2")]) == (2, 4) and find_concurrency([configure()]) == (1, None)
    assert not find_concurrency([free]).describe([free])  # one run is alone
    (line,) = find_concurrency([free]).describe([free] * 9)
    assert "up to 8 runs at once, each on 1 thread (threads=N" in line and "marked as contended" in line
    assert (
        "thread" not in find_concurrency([three]).describe([three] * 2)[0]
        and find_concurrency([configure()]).describe([free]) == []
    )


def test_a_gpu_has_one_run_at_a_time_unless_a_number_is_given(configure: Configure) -> None:
    auto, two = [configure("parallel=auto")], [configure("parallel=2")]
    assert (
        Concurrency(8, 1).on(["cuda:0 (H100)"], auto) == Concurrency()
        and Concurrency(2, 4).on(["cuda:0 (H100)"], two).number == 2
    )
    assert Concurrency(8, 1).on(["cpu (x, 1 thread)"], auto).number == 8


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "true", "null", "1025"])
def test_what_parallel_must_be(value: str, configure: Configure) -> None:
    with pytest.raises(UserError, match=r"^parallel must be auto, or a number from 1 to 1024, but got \S+ Pass "):
        configure(f"parallel={value}")


def test_other_launchers_choose_themselves(configure: Configure) -> None:
    with pytest.raises(UserError, match=r"^parallel must be 1 with hydra/launcher=joblib, .*got 2\..*\.n_jobs=2\.$"):
        check_launcher("joblib", 2)
    with pytest.raises(UserError, match=r"hydra/launcher=submitit_slurm, .* but got auto\. Leave parallel out\.$"):
        check_launcher("submitit_slurm", "auto")
    with pytest.raises(UserError, match=r"works by search\.workers, but got 2\. .* and pass search\.workers=2\.$"):
        check_launcher("joblib", 2, is_search=True)
    check_launcher("joblib", 1)
    check_launcher("basic", "auto")
    with pytest.raises(UserError, match=r"^parallel must be the same for all runs of a sweep, but got 1, 2"):
        Sweep([configure(), configure("parallel=2")])


class FakeWatch(Watch):
    """Of a process with some private memory, by its pid."""

    def __init__(self, pid: int, has_epochs: bool) -> None:
        self.call = type("Call", (), {"child": type("Child", (), {"pid": pid})})  # type: ignore[assignment]
        self.has_epochs = has_epochs


def test_memory_decides_how_many_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said, gib = list[str](), 1 << 30
    free: list[int | None] = [3 * gib]
    monkeypatch.setattr("mgu.sweep.room.free_memory", lambda: free[0])
    monkeypatch.setattr("mgu.sweep.room.private_memory", lambda pid: pid or None)
    room, small, young = Room(2, said.append), FakeWatch(gib, True), FakeWatch(gib // 2, False)
    assert room.has_for_one_more([]) and not room.has_for_one_more([young])  # is not known yet
    assert room.has_for_one_more([small]) and room.has_for_one_more([young])  # 3 GiB are enough for another of one
    free[0] = gib
    assert not room.has_for_one_more([small]) and not room.has_for_one_more([small])
    assert not room.has_for_one_more([small, FakeWatch(0, True)])  # one has ended just now, the other has not
    assert len(said) == 1 and "room for 1 at once now: a run takes up to 1.1 GB, and 1.1 GB will be left" in said[0]
    assert room.has_for_one_more([])  # one can always be tried
    free[0] = 5 * gib
    assert Room(2, said.append).has_for_one_more([young])  # memory is plentiful
    free[0] = None
    assert Room(64, said.append).has_for_one_more([FakeWatch(0, False)])  # as where there is no /proc


@pytest.mark.slow
def test_a_sweep_side_by_side_trains_the_same_bits(mgu_run: Command, tmp_path: Path) -> None:
    words: tuple[str, ...] = ("-m", "+experiment=digits", "layout=digits_2", "norm=ln,no_norm", "threads=1")
    words += ("residual=without", "training.epochs=4", "energy.enabled=false", *write_gate(tmp_path))
    one_by_one, at_once = tmp_path / "one-by-one", tmp_path / "at-once"
    assert mgu_run(*words, f"runs_dir={one_by_one}").returncode == 0
    (tmp_path / "meet").touch()  # else one may be over before the other has begun to measure
    done = mgu_run(*words, f"runs_dir={at_once}", "parallel=2")
    assert done.returncode == 0 and "2 runs: 2 ok" in done.stdout, done
    assert "training up to 2 runs at once, the longest first" in done.stdout
    assert [line.endswith(" contended") for line in done.stdout.splitlines() if " ok " in line[:50]] == [True, True]
    assert evidence(at_once) == evidence(one_by_one)
    assert all(read_result(file).contended for file in at_once.rglob("result.json"))


@pytest.mark.slow
def test_the_command_refuses_parallel_beside_a_launcher(mgu_run: Command, tmp_path: Path) -> None:
    done = mgu_run("-m", "seed=0,1", "hydra/launcher=joblib", "parallel=2")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
    assert "parallel must be 1 with hydra/launcher=joblib" in done.stderr and not list(tmp_path.rglob("result.json"))
