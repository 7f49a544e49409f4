"""Folds and groups: every example is tested once, classes are spread evenly, and no group is in two parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.folds import assign_folds, deal_groups, hold_out_tenth
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.factory.trained import load_trained
from mgu.report.stats.correct import Bits
from mgu.results.on_disk.correct import read_correct
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from tests.conftest import Configure

LABELS = torch.tensor([0] * 61 + [1] * 32 + [2] * 7)[torch.randperm(100, generator=torch.Generator().manual_seed(5))]


@pytest.mark.parametrize("num_folds", [2, 3, 5, 100])
def test_folds_and_their_classes_differ_by_one_at_most(num_folds: int) -> None:
    folds = assign_folds(num_folds, LABELS)
    for mask in (LABELS >= 0, LABELS == 0, LABELS == 1, LABELS == 2):
        sizes = folds[mask].bincount(minlength=num_folds)
        assert sizes.max() - sizes.min() <= 1
    assert torch.equal(folds, assign_folds(num_folds, LABELS))


def test_a_tenth_is_held_out_of_every_class() -> None:
    held_out = hold_out_tenth(LABELS)
    assert held_out.sum() == 10
    for held, count in zip(LABELS[held_out].bincount(minlength=3), LABELS.bincount(), strict=True):
        assert abs(held - count / 10) < 1
    assert hold_out_tenth(torch.tensor([0, 0])).sum() == 1


@pytest.mark.parametrize("seed", range(20))
def test_groups_stay_whole_in_parts_of_the_wanted_size(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    groups = torch.randint(0, 60, (600,), generator=random).unique(return_inverse=True)[1]
    labels = (torch.rand(int(groups.max()) + 1, generator=random) < 0.2).long()[groups]  # a class for each group
    parts = deal_groups([0.7, 0.1, 0.2], labels, groups)
    assert all(len(parts[groups == group].unique()) == 1 for group in groups.unique())
    shares = parts.bincount(minlength=3) / len(parts)
    torch.testing.assert_close(shares, torch.tensor([0.7, 0.1, 0.2]), atol=0.04, rtol=0)
    for part in range(3):  # a part has as much of the rare class as its groups of ten rows allow
        own = labels[parts == part].float()
        assert abs(float(own.mean() - labels.float().mean())) * len(own) < 15


@pytest.mark.parametrize("num_groups", [3, 4, 7])
def test_no_part_is_empty_however_large_one_group_is(num_groups: int) -> None:
    groups = torch.cat([torch.zeros(500), torch.arange(num_groups)]).long()
    parts = deal_groups([0.7, 0.1, 0.2], torch.zeros_like(groups), groups)
    assert set(parts.tolist()) == {0, 1, 2} and set(parts[groups == 0].tolist()) == {0}
    assert set(assign_folds(num_groups, torch.zeros_like(groups), groups).tolist()) == set(range(num_groups))


# Tables


def visits(number: int = 400) -> pd.DataFrame:
    """Visits of 40 patients, each ill or not, who differ in a number and not in others."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"patient": random.permutation(np.repeat([f"p{n}" for n in range(40)], number // 40))})
    of_patient = dict(zip(frame["patient"].unique(), random.normal(50, 10, 40).round(4), strict=True))
    frame["height"] = frame["patient"].map(of_patient)
    frame["pulse"] = random.normal(70, 10, number).round(3)
    frame["ill"] = np.where(frame["height"] > 57, "yes", "no")
    return frame


@pytest.fixture
def split(tmp_path: Path, configure: Configure) -> Any:
    """Reads a frame as a table with overrides; returns its configuration and its splits."""

    def read(frame: pd.DataFrame, *overrides: str, target: str = "ill") -> tuple[RunConfig, Splits]:
        path = tmp_path / "visits.csv"
        frame.to_csv(path, index=False)
        dataset = ("dataset=table", f"dataset.path={path}", f"dataset.target={target}", "layout=dense_2")
        config = configure(*dataset, *overrides)
        return config, open_dataset(config.dataset).splits

    return read


def parts_of(splits: Splits) -> list[Any]:
    return [splits.train, splits.val, splits.test]


@pytest.mark.parametrize("groups", ["", "dataset.groups=patient"])
@pytest.mark.parametrize("target", ["ill", "pulse"])
def test_every_row_is_tested_in_one_fold(target: str, groups: str, split: Any) -> None:
    tested, task = [], "regression" if target == "pulse" else "classification"
    frame = visits().assign(number=np.arange(400.0) ** 1.5)
    for fold in range(5):
        words = [f"dataset.fold={fold}", "dataset.folds=5", f"dataset.task={task}", *filter(None, [groups])]
        config, splits = split(frame, *words, target=target)
        sizes = [len(part) for part in parts_of(splits)]
        assert sum(sizes) == 400 and sizes[2] == pytest.approx(80, abs=20) and sizes[1] == pytest.approx(32, abs=15)
        assert f"fold {fold} of 5 (from 0) tests; " in splits.notes[1]
        assert config.dataset.label.endswith(" 5 folds" + " by patient" * bool(groups))
        tested.append(sizes[2])
    assert sum(tested) == 400


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("words", [["dataset.folds=4", "dataset.fold=3"], ["dataset.test_share=0.3"], []])
def test_no_patient_is_in_two_parts_and_no_input(words: list[str], blank: str, split: Any) -> None:
    """Nor is one whose name has a blank behind it in some rows."""
    frame = visits()
    frame["patient"] += np.where(frame.index % 2, blank, "")
    _, splits = split(frame, "dataset.groups=patient", *words)
    assert splits.train.inputs.shape[1] == 2  # height and pulse
    heights = [{round(float(height), 5) for height in part.inputs[:, 0]} for part in parts_of(splits)]
    assert sum(map(len, heights)) == 40 == len(set.union(*heights))
    assert all(len(part.targets.unique()) == 2 for part in parts_of(splits))  # ill and not ill in each
    assert any("groups train" in note and "by 'patient'" in note for note in splits.notes)
    _, by_row = split(visits())
    seen = {round(float(height), 5) for height in by_row.train.inputs[:, 0]}
    assert {round(float(height), 5) for height in by_row.test.inputs[:, 0]} <= seen  # without groups: all are known


@pytest.mark.parametrize("words", [["dataset.folds=4", "dataset.fold=3"], []])
def test_a_run_keeps_its_right_answers_by_patient(words: list[str], split: Any) -> None:
    """240 rows of 12 patients were tested as 240 independent ones."""
    frame = visits()
    config, splits = split(frame, "dataset.groups=patient", "training.epochs=1", *words)
    run_folder(config).mkdir(parents=True)
    run(config)
    with torch.no_grad():
        inputs, targets = splits.test.batch(slice(None))
        right = (load_trained(run_folder(config)).model(inputs).argmax(dim=1) == targets).float()
    data: Any = open_dataset(config.dataset)
    rows = data.table.held_out.index
    by_patient = pd.Series(right.numpy(), rows).groupby(frame["patient"].loc[rows], sort=False)
    bits = Bits(*(read_correct(run_folder(config)) or (0, b"")))
    assert bits.group_sizes == tuple(by_patient.size()) and set(bits.group_sizes) == {10} and bits.num_images >= 8
    assert bits.unpack().tolist() == pytest.approx(by_patient.mean().tolist()) and 0 < bits.unpack().mean() < 1


def test_fold_and_folds_and_groups_are_of_the_identity_and_one_label(split: Any) -> None:
    plain, *folds = [
        split(visits(), *words)[0]
        for words in ([], ["dataset.folds=5"], ["dataset.folds=5", "dataset.fold=1"], ["dataset.folds=4"],
                      ["dataset.folds=5", "dataset.groups=patient"])
    ]  # fmt: skip
    assert len({config.identity for config in (plain, *folds)}) == 5
    assert folds[0].dataset.label == folds[1].dataset.label != folds[2].dataset.label
    assert split(visits(), "dataset.fold=0", "dataset.groups=null")[0].identity == plain.identity


def test_a_class_with_fewer_rows_than_folds_is_named(split: Any) -> None:
    frame = visits()
    frame.loc[[3, 4], "ill"] = "unknown"
    _, splits = split(frame, "dataset.folds=5")
    assert any("some folds test without these classes" in note and "'unknown'" in note for note in splits.notes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("dataset.folds=1", "dataset.folds must be greater than or equal to 2, but got 1"),
        ("dataset.folds=5 dataset.fold=5", "^dataset.fold must be below dataset.folds.*Pass dataset.fold=4"),
        ("dataset.fold=2", "^dataset.fold must go with dataset.folds, but got fold 2 of none. Pass dataset.folds=5"),
        (
            "dataset.folds=41 dataset.groups=patient",
            "number of values of 'patient', but got 41 for 40. Pass .*folds=40",
        ),
        ("dataset.folds=401", "at most the number of rows, but got 401 for 400. Pass dataset.folds=400"),
        ("dataset.groups=patiant", "dataset.groups must be a column of .*, but got 'patiant'. Did you mean patient?"),
        ("dataset.groups=ill", "dataset.groups must be another column than the target"),
        (
            "dataset.groups=site",
            "dataset.groups must be known in every row, but 'site' is missing in 1 of 400 .* row 8",
        ),
        ("dataset.groups=sex", "at least 3 values, to train, to validate and to test, but 'sex' has 2"),
        (
            "dataset.class_weights=balanced dataset.sampling=balanced",
            "^one of dataset.class_weights and .* but both are balanced",
        ),
        (
            "dataset.target=pulse dataset.sampling=balanced",
            "sampling=balanced must go with classes, but the task is regr",
        ),
    ],
)
def test_what_cannot_be_split_or_balanced_says_what_to_do(words: str, message: str, split: Any) -> None:
    frame = visits()
    frame["site"] = frame["patient"].mask(np.arange(400) == 7)
    frame["sex"] = np.where(np.arange(400) % 2 == 0, "f", "m")
    with pytest.raises(UserError, match=message):
        split(frame, *words.split())
