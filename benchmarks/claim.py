"""The study of the claim (results/claim/protocol.md): trains what it needs, and files what came of it.

    python benchmarks/claim.py train digits-paper runs/claim [--parallel 2]   # resumes, also from what is packed
    python benchmarks/claim.py file digits-paper runs/claim                   # or results/claim, where runs are packed

Names are those of DESIGNS: a data set and a recipe. Training goes through `mgu-run` like anybody's.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from claim_images import compare_images, right_answers
from collect import describe
from filed import RESULTS, file_part, load_study, together
from numpy.typing import NDArray
from scipy.stats import t as student

import mgu
from mgu.report.stats.holm import correct_for_many
from mgu.results.on_disk.file_names import PACK_FILE

BETTER = ("training.ema=0.99", "training.label_smoothing=0.1", "training.select=last")
PRECISE = "training.precise_bn=4096"
AUGMENTED = "augment=flip_crop"
RECIPES = {"paper": (), "better": BETTER, "short": (*BETTER, PRECISE), "augmented": (*BETTER, AUGMENTED)}
GRID = ("norm=bn_pre,bn_post,ln,no_norm", "residual=with,without")
BATCH_NORMS = ("norm=bn_pre,bn_post", "residual=without")  # with augmentation: the best two without it
UNIT = ("mgu=lean",)
ORDERS = 20_000  # random orders of the grid, whose mean is a random search
ALPHA = 0.05


@dataclass(frozen=True)
class Design:
    """What the protocol says of one data set.

    Attributes:
        words: The data, and how long they are trained on.
        layouts: Those of the grid, by growing depth; the unit and the default network have the last.
        seeds: How many seeds, or seeds of each fold.
        margin: Points of accuracy by which the unit may be worse.
        folds: Words of the cross-validation that picks the best of the grid; none: validation examples pick it.
        near: Points of validation accuracy; models further than that from the best of the first seed have one seed.
        is_whole: Whether its grid is the protocol's; results over part of one stand apart from those of other data.
        grid: Words of the baselines.
    """

    words: tuple[str, ...]
    layouts: tuple[str, ...]
    seeds: int
    margin: float
    folds: tuple[str, ...] = ()
    near: float | None = None
    is_whole: bool = True
    grid: tuple[str, ...] = GRID


DIGITS = ("training.epochs=20", "training.patience=20", "threads=1")
DENSE = ("training.epochs=50", "training.batch_size=256", "training.last_batch=short", "threads=1")
DESIGNS = {
    "digits": Design(
        ("dataset=digits", "dataset.split=holdout", *DIGITS), ("digits_2", "digits_3", "digits_4"), 20, 0.5,
        ("dataset=python", "dataset.target=claim_data:digits_fold", "optimizer.lr=0.01", "training.last_batch=short",
         f"dataset.folder={Path(__file__).parent}", "dataset.options.fold=0,1,2,3,4,5,6,7,8,9", *DIGITS),
    ),
    "adult": Design(("dataset=adult", "dataset.split=holdout", *DENSE), ("dense_2", "dense_3", "dense_4"), 10, 0.2),
    "table": Design(
        ("dataset=table", "dataset.path=breast_cancer.csv", "dataset.target=target", "dataset.folds=5",
         "dataset.fold=0,1,2,3,4", "training.epochs=50", "training.batch_size=64", "threads=1"),
        ("dense_2", "dense_3", "dense_4"), 4, 0.2,
    ),
    "mnist": Design(
        ("dataset=mnist", "dataset.split=holdout", "threads=1"), ("mnist_2", "mnist_3", "mnist_4"), 5, 0.2, near=0.3
    ),
    "cifar": Design(
        ("dataset=cifar10", "dataset.split=holdout", "threads=1"), ("cifar_7",), 3, 0.2, near=5.0, is_whole=False
    ),
}  # fmt: skip


def main() -> None:
    """Trains or files one design under one recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("train", "file"))
    parser.add_argument("study", choices=[f"{data}-{recipe}" for data in DESIGNS for recipe in RECIPES])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--parallel", default="2")
    options = parser.parse_args()
    data, recipe = options.study.split("-")
    design = shortened(DESIGNS[data]) if recipe == "short" else DESIGNS[data]
    if recipe == "augmented":
        design = replace(design, grid=BATCH_NORMS)
    if options.stage == "train":
        train(design, options.study, RECIPES[recipe], options.runs, options.parallel)
    else:
        names = (options.study, f"{options.study}-folds")
        answers = {} if design.is_whole else answers_of(options.runs / options.study)
        content = analyse(design, options.study, *(read(options.runs / name) for name in names), answers=answers)
        if recipe == "short":
            content["against_better"] = against_better(content, options.runs / options.study, data)
        file_part("claim", options.study, {"machine": measured_on(options.runs, options.study), **content})
        if machines := [part["machine"] for part in filed_parts(recipe).values()]:
            file_part("claim", recipe, {"machine": together(machines), "rows": summarise(recipe)})


def shortened(design: Design) -> Design:
    """Returns the design with a quarter of its epochs."""
    if not any(word.startswith("training.epochs=") for word in design.words):
        sys.exit("The study must have a number of epochs under the recipe short, but is one of early stopping.")
    epochs = re.compile(r"^training\.epochs=(\d+)$")
    words, folds = (
        tuple(epochs.sub(lambda found: f"training.epochs={int(found[1]) // 4}", word) for word in own)
        for own in (design.words, design.folds)
    )
    return replace(design, words=words, folds=folds)


def train(design: Design, study: str, recipe: tuple[str, ...], runs: Path, parallel: str) -> None:
    """Trains the unit and the grid with all seeds, and the grid on the folds that pick its best."""
    runs.mkdir(parents=True, exist_ok=True)
    for name in (study, f"{study}-folds"):
        unpack(RESULTS / "claim" / name / PACK_FILE, runs)
    if "dataset=table" in design.words:
        from claim_data import write_table

        write_table(runs / "breast_cancer.csv")
    seeds = "seed=" + ",".join(map(str, range(design.seeds)))
    unit: tuple[str, ...] = (f"layout={design.layouts[-1]}", *UNIT)
    for model in (unit, (f"layout={','.join(design.layouts)}", *design.grid)):
        run(study, runs, parallel, *design.words, *recipe, *model, "seed=0" if design.near else seeds)
        if design.folds:
            run(f"{study}-folds", runs, parallel, *design.folds, *recipe, *model)
    if design.near:
        for model in [*near_the_best(design, runs / study), unit]:
            run(study, runs, parallel, *design.words, *recipe, *model, seeds)


def unpack(pack: Path, runs: Path) -> None:
    """Unpacks the runs that an earlier machine trained, so that training goes on where it stopped."""
    if pack.is_file() and not (runs / pack.parent.name).exists():
        with tarfile.open(pack) as archive:
            archive.extractall(runs, filter="data")


def near_the_best(design: Design, folder: Path) -> list[tuple[str, ...]]:
    """Returns the words of the baselines near the best of the first seed by validation, and of the defaults."""
    runs = mgu.load_runs(folder)
    first = runs[(runs.seed == 0) & runs.norm.notna()]
    accuracy = 100 * first["val.accuracy"]
    layout = first["config.layout.name"]
    is_default = (layout == design.layouts[-1]) & first.norm.isin(["bn_pre", "ln"]) & (first.residual == False)  # noqa: E712
    chosen = first[(accuracy >= accuracy.max() - (design.near or 0)) | is_default]
    return [
        (f"layout={name}", f"norm={norm}", f"residual={'with' if residual else 'without'}")
        for name, norm, residual in zip(chosen["config.layout.name"], chosen.norm, chosen.residual, strict=True)
    ]


def run(study: str, runs: Path, parallel: str, *words: str) -> None:
    """Calls mgu-run in the folder of the runs; what is finished there is skipped."""
    command = [sys.executable, "-m", "mgu", f"experiment_name={study}", "runs_dir=.", f"parallel={parallel}", *words]
    subprocess.run([*command, "-m"], check=True, cwd=runs, env=os.environ | {"OMP_NUM_THREADS": "1"})


def read(folder: Path) -> pd.DataFrame | None:
    """Returns model, replicate, scores in percent and processor seconds of finished runs; None where there are none."""
    if not folder.is_dir():
        return None
    runs = mgu.load_runs(folder)
    fold = runs.get("config.dataset.options.fold", runs.get("config.dataset.fold", pd.Series(0, runs.index)))
    return pd.DataFrame(
        {
            "model": names_of(runs),
            "replicate": list(zip(runs.seed, fold.fillna(0).astype(int), strict=True)),
            # A run that diverged in its first epoch counts as a guess, as in reports.
            "val": 100 * runs["val.accuracy"].fillna(1 / runs.num_classes),
            "test": 100 * runs.get("test.accuracy", pd.Series(np.nan, runs.index)).fillna(1 / runs.num_classes),
            "cpu_s": runs["processor.seconds"],
            "epochs": runs.epochs,
        }
    )


def names_of(runs: pd.DataFrame) -> pd.Series:
    """Returns the models of runs as the study calls them."""
    residual = runs.residual.map({True: "-res", False: ""}).fillna("")
    return runs["config.layout.name"] + "-" + runs.norm.fillna("lean") + residual


def costs_in_turns(runs: pd.DataFrame, study: str) -> pd.Series:
    """Returns what runs cost in epochs of the unit, see claim_costs.py; without that, the seconds as recorded."""
    data, recipe = study.split("-")
    filed = load_study("claim").get(f"{data}-short-costs" if recipe == "short" else f"{data}-costs")
    if filed is None:
        return runs["cpu_s"]
    costs = {row["model"]: row["to_unit"] for row in filed["rows"]}
    return runs["epochs"] * runs["model"].map(costs)


def answers_of(folder: Path) -> dict[str, NDArray[np.bool_]]:
    """Returns which test images each model classified correctly with its first seed."""
    runs, answers = mgu.load_runs(folder), right_answers(folder)
    runs = runs[runs.seed == 0]
    return {model: answers[name] for model, name in zip(names_of(runs), runs["name"], strict=True) if name in answers}


def analyse(
    design: Design,
    study: str,
    runs: pd.DataFrame | None,
    folds: pd.DataFrame | None,
    *,
    answers: Mapping[str, NDArray[np.bool_]],
) -> dict[str, Any]:
    """Answers the questions of the protocol for one data set under one recipe; over images where there is one seed."""
    if runs is None or (design.folds and folds is None):
        sys.exit(f"There must be runs of {study}{' and of its folds' * bool(design.folds)}: train them first.")
    recorded, runs["cost"] = runs["cpu_s"].groupby(runs["model"]).mean(), costs_in_turns(runs, study)
    test, val, cost = (runs.pivot(index="model", columns="replicate", values=name) for name in ("test", "val", "cost"))
    picking = val if folds is None else folds.pivot(index="model", columns="replicate", values="val")
    deepest = design.layouts[-1]
    unit, defaults = f"{deepest}-lean", [f"{deepest}-bn_pre", f"{deepest}-ln"]
    defaults = [model for model in defaults if model in test.index]
    grid = [model for model in test.index if model != unit]
    best = str(picking.loc[grid].mean(axis=1).idxmax())
    rivals, unit_cost = {"best of the grid": of_model(test, best)}, float(of_model(cost, unit).mean())
    if test.shape[1] > 1 and test.notna().all(axis=None):
        searched = random_search(val.loc[grid], test.loc[grid], cost.loc[grid], unit_cost)
        rivals["random search at the unit's cost"] = searched
    rivals |= {f"default {model}": of_model(test, model) for model in defaults}
    named = {"best of the grid": best, **{f"default {model}": model for model in defaults}}
    comparisons = [
        compare(name, of_model(test, unit), rival, design.margin)
        if (of_model(test, unit) - rival).count() > 1
        else compare_images(name, answers[unit], answers[named[name]], design.margin)
        for name, rival in rivals.items()
    ]
    return {
        "best": best,
        "unit": unit,
        "margin": design.margin,
        "cost_ratio": float(cost.loc[grid].mean(axis=1).sum() / unit_cost),
        "cost_ratio_recorded": float(recorded[grid].sum() / recorded[unit]),
        "comparisons": comparisons,
        "rows": [
            {"model": model, "picked_by": float(picking.loc[model].mean()), "val": float(val.loc[model].mean()),
             "test": float(test.loc[model].mean()), "test_sd": float(test.loc[model].std()),
             "cpu_s": float(recorded[model]), "replicates": int(test.loc[model].count())}
            for model in test.index
        ],
    }  # fmt: skip


def of_model(values: pd.DataFrame, model: str) -> pd.Series:
    """Returns what a model has, by replicate."""
    return values.T[model]


def against_better(content: dict[str, Any], runs: Path, data: str) -> list[dict[str, Any]]:
    """Compares the unit, the best of the grid and the default networks with themselves under the recipe better."""
    short, better = (
        own.pivot(index="model", columns="replicate", values="test")
        for own in (read(runs), read(RESULTS / "claim" / f"{data}-better"))
        if own is not None
    )
    defaults = [own["rival"].removeprefix("default ") for own in content["comparisons"] if "default" in own["rival"]]
    models = dict.fromkeys([content["unit"], content["best"], *defaults])
    return [
        {"better": float(better.loc[model].mean()), "short": float(short.loc[model].mean()),
         **compare(model, short.loc[model], better.loc[model], content["margin"])}
        for model in models
    ]  # fmt: skip


def filed_parts(recipe: str) -> dict[str, Any]:
    """Returns what is filed of each data set under a recipe, where its grid is whole."""
    whole = [data for data, design in DESIGNS.items() if design.is_whole]
    return {data: part for data in whole if (part := load_study("claim").get(f"{data}-{recipe}"))}


def summarise(recipe: str) -> list[dict[str, Any]]:
    """Returns one row per data set that is filed under a recipe, with p-values corrected over the data sets (Holm)."""
    filed = filed_parts(recipe)
    rivals = dict.fromkeys(_kind(own["rival"]) for part in filed.values() for own in part["comparisons"])
    tested = {data: {_kind(own["rival"]): own for own in part["comparisons"]} for data, part in filed.items()}
    corrected = {rival: _correct(rival, tested) for rival in rivals}
    return [
        {
            "data": data,
            **{name: part[name] for name in ("best", "unit", "margin", "cost_ratio", "cost_ratio_recorded")},
            "replicates": part["comparisons"][0]["replicates"],
            "rivals": {rival: own | {"p_corrected": corrected[rival][data]} for rival, own in tested[data].items()},
        }
        for data, part in filed.items()
    ]


def _correct(rival: str, tested: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """Returns the p-values of one rival corrected over the data sets on which it is compared."""
    p_values = {data: own[rival]["p_two_sided"] for data, own in tested.items() if rival in own}
    return dict(zip(p_values, correct_for_many(list(p_values.values())), strict=True))


def _kind(rival: str) -> str:
    """Names a rival without its layout: "default ln" for "default digits_4-ln"."""
    return f"default {rival.rpartition('-')[2]}" if rival.startswith("default") else rival


def measured_on(runs: Path, study: str) -> dict[str, Any]:
    """Returns the device, versions, commit, last day and seconds of the runs; as filed where all are packed."""
    if results := sorted((runs / study).rglob("result.json")):
        return describe(results, f"claim.py train {study}")
    filed: dict[str, Any] = load_study("claim")[study]["machine"]
    return filed


def random_search(val: pd.DataFrame, test: pd.DataFrame, cost: pd.DataFrame, budget: float) -> pd.Series:
    """Returns, by replicate, the expected test score of the best by validation that a budget buys in random order.

    A model counts if it ends within the budget; the first one always counts, for something must be returned.
    """
    generator = np.random.default_rng(0)
    orders = generator.permuted(np.tile(np.arange(len(val)), (ORDERS, 1)), axis=1)
    return pd.Series({name: _expected(orders, val[name], test[name], cost[name], budget) for name in val})


def _expected(orders: NDArray[Any], val: pd.Series, test: pd.Series, cost: pd.Series, budget: float) -> float:
    ends = cost.to_numpy()[orders].cumsum(axis=1) <= budget
    ends[:, 0] = True
    scores = np.where(ends, val.to_numpy()[orders], -np.inf)
    chosen = np.take_along_axis(orders, scores.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float(test.to_numpy()[chosen].mean())


def compare(name: str, unit: pd.Series, rival: pd.Series, margin: float) -> dict[str, Any]:
    """Compares test scores paired over replicates (Student's t)."""
    differences = (unit - rival).dropna().to_numpy()
    mean, error = differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))
    freedom = len(differences) - 1
    statistic = mean / error if error else np.inf * np.sign(mean)
    return {
        "rival": name,
        "difference": float(mean),
        "lower_bound": float(mean - student.ppf(1 - ALPHA, freedom) * error),
        "is_within_margin": bool(mean - student.ppf(1 - ALPHA, freedom) * error > -margin),
        "p_two_sided": float(2 * student.sf(abs(statistic), freedom)),
        "p_better": float(student.sf(statistic, freedom)),
        "replicates": len(differences),
    }


if __name__ == "__main__":
    main()
