"""Groups of runs that differ only in their seed, and the spread over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from mgu.config.run import RunConfig
from mgu.report.caveats import caveats
from mgu.report.ranking.columns import columns
from mgu.report.ranking.seeds import group_seeds, spread
from mgu.results.runs.load import Run
from mgu.results.schema.processor import Processor
from mgu.results.schema.replicate import Replicate
from tests.conftest import Configure
from tests.examples import example_result, ranked
from tests.report.runs import Trained, analyse


def test_a_spread_is_that_of_the_t_distribution() -> None:
    values = [0.91, 0.94, 0.90, 0.97, 0.93]
    own = spread({Replicate(seed): value for seed, value in enumerate(values)})
    low, high = ttest_1samp(values, 0).confidence_interval(0.95)
    assert own and own == pytest.approx((np.mean(values), 5, np.std(values, ddof=1), low, high))
    assert spread({Replicate(3): 0.5}) == (0.5, 1, None, None, None) and spread({}) is None


def test_seeds_of_what_has_one_identity_but_for_them_are_a_group(configure: Configure) -> None:
    """What belongs to no identity must not part seeds, and what does must."""
    same = {"runs_dir": "a", "force": True, "training.timeout": 9.0, "dataset.root": "b", "energy.enabled": True,
            "device": "auto", "experiment_name": "c", "layout.name": "d"}  # fmt: skip
    other = {"optimizer.lr": 0.5, "training.epochs": 3, "threads": 7, "engine": "eager", "norm.eps": 0.5}
    base = configure("norm=ln", "seed=3")
    for key, value in (same | other).items():
        values = base.model_dump()
        section, _, name = key.rpartition(".")
        (values[section] if section else values)[name] = value
        changed = RunConfig.model_validate(values)
        runs = [Run(example_result(f"x-s{seed}", config=json.loads(config.model_dump_json()), seed=seed), Path())
                for seed, config in enumerate((base, changed))]  # fmt: skip
        assert (changed.identity == base.identity) == (key in same) == (len(group_seeds(runs)[0]) == 1), key


def test_a_repeated_seed_is_left_out_and_said(trained: Trained) -> None:
    once = trained("a", [0.9, 0.8])
    analysis = analyse(once, once[:1])
    assert [len(row.runs) for row in analysis.table.rows] == [2]
    assert "1 of all runs repeats a seed of its model and is left out." in analysis.lines


def test_names_that_share_a_run_are_one_model(configure: Configure) -> None:
    """A layout that was renamed is the same: its runs were ranked against themselves."""

    def run_of(name: str, seed: int, lr: float = 0.01) -> Run:
        config = configure(f"layout.name={name}", f"seed={seed}", f"optimizer.lr={lr}", "norm=ln", "residual=without")
        values: dict[str, Any] = {"identity": config.identity, "config": config.model_dump(mode="json")}
        return Run(example_result(config.name, seed=seed, **values), Path(config.folder_name))

    runs = [run_of("mine", 0), run_of("mine", 1), run_of("other", 0), run_of("other", 2)]
    assert runs[0].result.identity == runs[2].result.identity and runs[0].folder != runs[2].folder
    analysis = analyse(runs)
    assert [[own.folder for own in row.runs] for row in analysis.table.rows] == [[runs[at].folder for at in (0, 1, 3)]]
    assert "1 of all runs repeats a seed of its model and is left out." in analysis.lines
    assert len(analyse([*runs, run_of("other", 0, lr=0.1)]).table.rows) == 2
    assert len(analyse([runs[0], run_of("third", 1)]).table.rows) == 2  # they share no run
    forged = Run(example_result("other-s0", identity=runs[0].result.identity), Path())
    assert len(analyse([runs[0], forged]).table.rows) == 2


def test_of_a_repeated_seed_the_one_that_did_not_fail_counts(trained: Trained) -> None:
    lost = Run(example_result("a-s0", status="failed", val_accuracy=None), Path())
    assert analyse([lost], trained("a", [0.9])).table.rows[0].status == "ok"


def test_epochs_are_those_of_the_runs_that_did_not_fail(trained: Trained) -> None:
    lost = Run(example_result("a-s9", seed=9, status="failed", val_accuracy=None, epochs=4), Path())
    for runs, epochs in ((trained("a", [0.9, 0.8]), 12), ([], 4)):
        table = analyse([lost], runs).table
        assert [own.value(table.rows[0]) for own in columns(table) if own.key == "epochs"] == [epochs]


def test_the_path_norm_is_the_median_over_seeds_and_has_a_column_where_there_is_one() -> None:
    gammas = (1.0, 1e40, 3.0, None)
    runs = [Run(example_result(f"a-s{at}", seed=at, gamma_squared=gamma), Path()) for at, gamma in enumerate(gammas)]
    other = Run(example_result("b-s0", norm="bn_pre"), Path())
    for chosen, shown in ((runs, ["3"]), ([*runs, other], ["3", "-"]), ([other], [])):
        table = analyse(chosen).table
        found = [own.text(row) for own in columns(table) if own.key == "gamma_squared" for row in table.rows]
        assert found == shown


def test_seeds_that_had_other_hardware_are_another_row() -> None:
    """The number of a GPU is a place; threads, which a launcher may choose, are not."""
    devices = ("cpu (x, 1 thread)", "cpu (x, 2 threads)", None)
    runs = [Run(example_result(f"a-s{seed}", seed=seed, device=device), Path()) for seed, device in enumerate(devices)]
    assert [[run.result.seed for run in group] for group in group_seeds(runs)[0]] == [[0, 2], [1]]
    gpus = [Run(example_result(f"a-s{seed}", seed=seed, device=f"cuda:{seed} (H100)"), Path()) for seed in range(2)]
    assert len(group_seeds(gpus)[0]) == 1


def test_rows_of_one_model_on_different_hardware_are_named_with_it() -> None:
    devices = ("cpu (x, 1 thread)", "cpu (x, 2 threads)")
    (table,) = ranked(example_result(f"a-s{seed}", seed=seed, device=device) for seed, device in enumerate(devices))
    (said,) = [line for line in caveats(table) if "one model on different hardware" in line]
    assert all(row.name in said for row in table.rows) and "(cpu (x, 1 thread); cpu (x, 2 threads))" in said
    (alike,) = ranked(example_result(f"a-s{seed}", seed=seed, device=devices[0]) for seed in range(2))
    assert not [line for line in caveats(alike) if "hardware" in line]


def test_the_threads_that_torch_really_had_decide_not_those_of_the_configuration() -> None:
    """A launcher that sets OMP_NUM_THREADS in its workers."""
    runs = [
        Run(example_result(f"a-s{seed}", seed=seed, device="cpu (x, 2 threads)", processor=use), Path())
        for seed, use in enumerate(Processor(9.0, 9.0, 0.5, 2, threads, "x") for threads in (2, 1, 2))
    ]
    assert [[run.result.seed for run in group] for group in group_seeds(runs)[0]] == [[0, 2], [1]]
