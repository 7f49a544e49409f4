"""Tables: what is encoded from which rows, UCI Adult and its download, files of the user's, regression."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from sklearn.compose import make_column_transformer
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from mgu.config.conf import conf_dir
from mgu.config.datasets import AdultConfig, TableConfig
from mgu.config.prune import read_settings
from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.tables import adult
from mgu.data.tables.adult import load_adult
from mgu.data.tables.advice import advise_drop
from mgu.data.tables.columns import check_features
from mgu.data.tables.dataset import TableDataset
from mgu.data.tables.rows import Rows
from mgu.data.tables.split import split_official
from mgu.data.tables.table import Table, encode_table
from mgu.data.tables.target import describe_spellings
from mgu.errors import UserError
from mgu.factory.model import build_model, build_warmup_blocks, count_flops
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import load_trained
from mgu.models.convnet import count_keras
from mgu.prune.pipeline import run_pruning
from mgu.report.ranking.seeds import chance_accuracy
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import read_result
from mgu.run.execute import run
from mgu.tasks.regression import Regression
from mgu.train.loop import evaluate
from tests.conftest import Command, Configure


def table_of(config: RunConfig) -> Table:
    """What the data set of a run on a table is made of."""
    assert isinstance(config.dataset, AdultConfig | TableConfig)
    return TableDataset(config.dataset).table


def some_rows(number: int = 100, seed: int = 0) -> pd.DataFrame:
    """Two numbers, a category, and a price that follows from them."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "area": random.uniform(20, 200, number).round(1),
        "rooms": random.integers(1, 7, number),
        "city": random.choice(["Bacau", "Cluj", "Iasi"], number),
    })  # fmt: skip
    frame["price"] = 1000 * frame["area"] + 5000 * frame["rooms"] + 20_000 * (frame["city"] == "Cluj")
    return frame


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    """Writes a frame, or a text as it is, and gives the overrides for it."""

    def save(content: pd.DataFrame | str, target: str = "price", *overrides: str) -> list[str]:
        path = tmp_path / "houses.csv"
        path.write_text(content if isinstance(content, str) else content.to_csv(index=False))
        return ["dataset=table", f"dataset.path={path}", f"dataset.target={target}", "layout=dense_2", *overrides]

    return save


# Encoding


def test_the_encoding_is_that_of_scikit_learn_fitted_on_training_rows() -> None:
    train, test = some_rows(50), some_rows(30, seed=1)
    table = encode_table(split_official(train, test, "paper"), "city", "classification", 100)
    oracle = StandardScaler().fit(train[["area", "rooms", "price"]].to_numpy(dtype=float))
    expected = oracle.transform(test[["area", "rooms", "price"]].to_numpy(dtype=float))
    torch.testing.assert_close(table.splits.val.batch(slice(None))[0], torch.tensor(expected).float())
    table = encode_table(split_official(train, test, "paper"), "price", "regression", 100)
    both = make_column_transformer(
        (StandardScaler(), ["area", "rooms"]), (OneHotEncoder(sparse_output=False), ["city"])
    ).fit(train)
    inputs, targets = table.splits.val.batch(slice(None))
    torch.testing.assert_close(inputs, torch.tensor(both.transform(test)).float())
    torch.testing.assert_close(targets * table.target_std + table.target_mean, torch.tensor(test["price"]).float())


def test_what_is_missing_rare_or_never_seen_has_its_place() -> None:
    """By hand: the median of 1, 2, 9 is 2; four columns of categories: a, b, missing, and one for the rare c and d."""
    train = pd.DataFrame({
        "n": [1.0, 2.0, 9.0, np.nan, 2.0, 2.0, 2.0, 2.0, 2.0],
        "c": ["a", "a", "b", "b", None, None, "c", "d", "a"],
        "y": [0, 1] * 4 + [0],
    })  # fmt: skip
    test = pd.DataFrame({"n": [np.nan, 2.0], "c": ["zebra", None], "y": [1, 0]})
    table = encode_table(split_official(train, test, "paper"), "y", "classification", max_categories=4)
    (unseen, missing), _ = table.splits.val.batch(slice(None))
    assert table.num_inputs == 2 + 4
    filled = np.array([1, 2, 9, 2, 2, 2, 2, 2, 2])
    assert unseen[0].item() == pytest.approx((2 - filled.mean()) / filled.std(), abs=1e-6)
    assert unseen[1] > 0 > missing[1]  # says that the number was missing
    assert unseen[2:].tolist() == [0, 0, 0, 1] and sorted(missing[2:].tolist()) == [0, 0, 0, 1]
    assert missing[5] == 0  # missing is no rare category


def test_columns_of_parquet_files_that_know_of_missing_values() -> None:
    """Nullable numbers, categories and truth values, as pandas restores them."""
    train = pd.DataFrame({
        "n": pd.array([1, None, 3] * 10, dtype="Int64"),
        "b": pd.array([True, None, False] * 10, dtype="boolean"),
        "c": pd.Categorical(["x", "y", None] * 10, categories=["x", "y", "unused"]),
        "y": pd.Categorical(["no", "yes"] * 15),
    })  # fmt: skip
    checked = check_features(train, "y", [], "standard", "file")
    table = encode_table(split_official(checked, checked, "paper"), "y", "classification", 100)
    inputs, targets = table.splits.train.batch(slice(None))
    assert inputs.shape == (30, 2 + 3 + 3) and inputs.isfinite().all() and table.classes == ["no", "yes"]
    assert targets.tolist() == [0, 1] * 15


def test_an_unseen_category_is_all_zeros_where_none_is_rare() -> None:
    train, test = some_rows(40), some_rows(20).assign(city="Vaslui")
    inputs, _ = encode_table(split_official(train, test, "paper"), "price", "regression", 100).splits.val.batch(
        slice(None)
    )
    assert (inputs[:, 2:] == 0).all()


def test_rows_held_out_teach_the_encoder_nothing() -> None:
    """Whatever stands in validation and test rows, training rows are encoded the same."""
    train, test = some_rows(100), some_rows(30, seed=1)
    first = encode_table(split_official(train, test, "holdout"), "price", "regression", 100)
    held_out = torch.randperm(100, generator=torch.Generator().manual_seed(0))[:10].numpy()
    spoilt = train.copy()
    spoilt.loc[held_out, ["area", "price"]] = 1e9
    spoilt.loc[held_out, "city"] = "Atlantis"
    second = encode_table(split_official(spoilt, test.assign(area=-1e9), "holdout"), "price", "regression", 100)
    for ours, theirs in zip(first.splits.train.batch(slice(None)), second.splits.train.batch(slice(None)), strict=True):
        assert torch.equal(ours, theirs)
    assert (first.target_mean, first.target_std) == (second.target_mean, second.target_std)
    assert len(first.splits.train) == 90 and len(first.splits.val) == 10 and len(first.splits.test or ()) == 30


# UCI Adult


@pytest.mark.slow
def test_adult_as_uci_publishes_it(data_root: str, configure: Configure) -> None:
    train, test = load_adult(Path(data_root))
    assert [len(train), len(test)] == [32_561, 16_281]
    assert [round((part["income"] == ">50K").mean(), 4) for part in (train, test)] == [0.2408, 0.2362]
    assert train["workclass"].isna().sum() == 1836 and train["education"].isna().sum() == 0
    config = configure("dataset=adult", "layout=dense_2", f"dataset.root={data_root}")
    splits: Any = open_dataset(config.dataset).splits
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [29_305, 3_256, 16_281]
    inputs, targets = splits.train.batch(slice(None))
    assert inputs.shape[1] == 108 and inputs.isfinite().all() and set(targets.tolist()) == {0, 1}
    torch.testing.assert_close(inputs[:, :6].mean(dim=0), torch.zeros(6), atol=1e-4, rtol=0)
    assert (inputs[:, 6:].sum(dim=1) == 8).all()  # one of each of the eight categories
    paper = table_of(configure("dataset=adult", "layout=dense_2", "dataset.split=paper", f"dataset.root={data_root}"))
    assert paper.splits.test is None and len(paper.splits.val) == 16_281


def as_openml(train: pd.DataFrame, test: pd.DataFrame) -> SimpleNamespace:
    """What fetch_openml returns for adult, version 2: one frame, categories as such, the target called class."""
    frame = pd.concat([test, train], ignore_index=True).rename(columns={"income": "class"})
    categories = frame.select_dtypes(exclude="number").columns
    return SimpleNamespace(frame=frame.astype(dict.fromkeys(categories, "category")))


@pytest.mark.slow
def test_adult_from_openml_has_the_same_rows(data_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the download only the format can be tried here: the fetcher is a stand-in."""
    asked: dict[str, Any] = {}

    def fetch(name: str, **options: Any) -> SimpleNamespace:
        asked.update(options, name=name)
        return as_openml(*load_adult(Path(data_root)))

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    ours, theirs = load_adult(Path(data_root)), load_adult(tmp_path)
    assert asked["name"] == "adult" and asked["version"] == 2 and asked["data_home"] == str(tmp_path)
    encoded = [
        encode_table(split_official(*parts, "holdout"), adult.TARGET, "classification", 100) for parts in (ours, theirs)
    ]
    for part in ("train", "val", "test"):
        first, second = (getattr(table.splits, part).batch(slice(None)) for table in encoded)
        assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *_, **__: as_openml(ours[0][:-1], ours[1]))
    with pytest.raises(UserError, match="cannot be told apart"):
        load_adult(tmp_path)


def test_adult_that_cannot_be_had_or_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    with pytest.raises(UserError, match=r"its download failed \(no route to host\). Put adult.data and adult.test"):
        load_adult(tmp_path)
    (tmp_path / "adult").mkdir()
    for name, content in (("adult.data", "39, State-gov\n"), ("adult.test", "")):
        (tmp_path / "adult" / name).write_text(content)
    with pytest.raises(UserError, match=r"must be as UCI publishes it, but .*adult.data is not"):
        load_adult(tmp_path)


# A user's own file


@pytest.mark.parametrize(
    ("target", "task"), [("price", "regression"), ("rooms", "classification"), ("city", "classification")]
)
def test_the_task_is_inferred(target: str, task: str, saved: Any, configure: Configure) -> None:
    dataset: Any = configure(*saved(some_rows(), target)).dataset
    assert dataset.task == task and len(dataset.sha256) == 64
    assert dataset.label.startswith(f"houses.{target}@")


def test_a_table_is_split_by_no_seed_and_no_row_is_in_two_parts(saved: Any, configure: Configure) -> None:
    frame = some_rows().assign(area=np.arange(100.0))
    parts = []
    for seed in (0, 1):
        splits: Any = open_dataset(configure(*saved(frame), f"seed={seed}").dataset).splits
        parts.append([part.batch(slice(None))[0][:, 0] for part in (splits.train, splits.val, splits.test)])
    assert [len(part) for part in parts[0]] == [72, 8, 20]
    assert all(torch.equal(a, b) for a, b in zip(*parts, strict=True))
    assert len(torch.cat(parts[0]).unique()) == 100


def test_the_identity_is_of_the_content_and_not_of_the_place(saved: Any, configure: Configure, tmp_path: Path) -> None:
    first = configure(*saved(some_rows()))
    overrides = saved(some_rows())
    dataset: Any = first.dataset
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(Path(dataset.path).read_text())
    assert configure(*overrides, f"dataset.path={elsewhere}").identity == first.identity
    assert configure(*saved(some_rows(seed=1))).identity != first.identity
    with pytest.raises(UserError, match=r"the run began with, but .* has changed"):
        _ = open_dataset(first.dataset).splits


def test_other_test_rows_are_another_experiment(saved: Any, configure: Configure) -> None:
    labels = [configure(*saved(some_rows()), *more).dataset.label for more in ((), ["dataset.test_share=0.3"])]
    assert labels[1] == f"{labels[0]} test 0.3"


BASE = some_rows()
HELD_OUT = int(torch.randperm(100, generator=torch.Generator().manual_seed(0))[0])  # a row that is tested


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "target", "more", "message"),
    [
        (BASE, "PRICE", "", "but got 'PRICE'. Did you mean price.$"),
        (BASE.rename(columns={"price": " price"}), "price", "", "Did you mean '\" price\"'.$"),
        (BASE, "price", "dataset.drop=[price]", "beside the target, but got 'price'. It is needed.$"),
        (BASE, "price", "dataset.drop=[nosuch]", "got 'nosuch'. Leave it out, or name some of .*rooms"),
        (BASE, "price", "dataset.drop=area", "dataset.drop must be a list of columns, but got 'area'"),
        (BASE.to_csv(), "price", "", "columns must have names, but number 1 of .* write the file without it .pandas: "),
        (BASE.rename(columns={"area": "", "rooms": " "}), "price", "", "must have names, but number 1, 2 of"),
        (BASE.assign(area=BASE["area"].map(lambda v: f"{v:.1f}".replace(".", ","))), "price", "",
         "but 'area' has '.*,.' in row 1, which makes words of all its numbers: they must be written as 1234.5"),
        (BASE.assign(area=BASE["area"].map("{:.1f} %".format)), "price", "", "which makes words of all"),
        (BASE.assign(area=BASE["area"].astype(str).where(BASE.index != 3, "x")), "price", "",
         "'area' has 'x' in row 4, which"),
        (BASE.assign(sold=[f"{i % 28 + 1}. May {1900 + i}" for i in range(100)]), "price", "",
         "'sold' has 100 different texts in 100 rows .'1. May 1900'"),
        (BASE.assign(area=BASE["area"].where(BASE.index != 3, 1e308)), "price", "",
         "must stay finite when they are standardised, but 'area' reaches 1e.308: .* dataset.drop=.area."),
        (BASE.assign(price=BASE["price"] * 1e302), "price", "", "standardised, but 'price' reaches .*: predict"),
        (BASE[:20], "price", "dataset.test_share=0.96", "must leave a row to train on .*but 0.96 of 20 leaves 1"),
        (BASE.assign(sold=BASE.index == HELD_OUT), "sold", "", r"must be of two classes, but all of them \(72\)"),
        (BASE.assign(sold=True), "sold", "", "'sold' is True in every row"),
        (BASE.assign(sold=BASE["rooms"] > 2), "sold", "dataset.task=regression", "but 'sold' has '(True|False)'"),
        (BASE, "prize", "", "must be a column of .* Did you mean price?"),
        (BASE.assign(price=1), "price", "", "must vary, but 'price' is 1 in every row"),
        (BASE.assign(sold="2020-01-31"), "price", "", "'sold' has dates .* dataset.drop=.sold."),
        (BASE.assign(sold="31.1.2020 10:00"), "price", "", "'sold' has dates"),
        (BASE.assign(empty=np.nan), "price", "",
         "but 'empty' has no values. Correct it in the file, or leave it out with dataset.drop=.empty"),
        (BASE.assign(area=np.inf), "price", "",
         "but 'area' has infinite numbers .100, first in row 1., which dataset.scale=robust would bound"),
        (BASE.assign(price=BASE["price"].where(BASE["rooms"] > 1)), "price", "",
         "known and finite in every .* Pass dataset.missing_target=drop"),
        (BASE.assign(price=BASE["price"].mask(BASE["rooms"] > 1, np.inf)), "price", "",
         "known and finite in every .* Pass dataset.missing_target=drop"),
        (BASE.assign(city=[f"c{i}" for i in range(100)]).loc[np.repeat(range(100), 20)].assign(
            city=[f"c{i % 1500}" for i in range(2000)]), "city", "", "at most 1,000 classes, but 'city' has 1,500"),
        (BASE, "city", "dataset.task=regression", "must be numbers for regression, but 'city' has '"),
        (BASE, "price", "dataset.drop=[rom]", "beside the target, but got 'rom'. Did you mean rooms?"),
        (BASE[["price"]], "price", "", "must have a column beside its target"),
        (BASE[:5], "price", "", "at least 20 rows below its header, but .* has 5"),
        ("", "price", "", "must be a table, but .* is empty"),
        ("a,b,a\n" + "1,2,3\n" * 30, "b", "", "column names must differ, but .* has 'a' twice"),
        ("a,b\n" + "1,2,3\n" * 30, "b", "", "as many fields as the header, but rows of .* have more than its 2. Put"),
        ("a,b\n1,2\n1,2,3,4\n", "b", "", "cannot be read as one"),
        (BASE.to_csv(sep=";", index=False), "price", "",
         "Its columns are separated otherwise: pass 'dataset.separator=\";\"'"),
        (BASE[["price"]].assign(sold="2020-01-31"), "price", "", r"Correct it in the file\.$"),  # nothing else is left
        ("\0\x01PK\x03", "price", "", "column names must be printable"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_learned_from(
    content: pd.DataFrame | str, target: str, more: str, message: str, saved: Any, configure: Configure
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        _ = open_dataset(configure(*saved(content, target), *more.split()).dataset).splits
    assert len(str(caught.value).splitlines()) == 1


def test_a_table_that_is_not_there_and_values_that_are_wrong(saved: Any, configure: Configure) -> None:
    with pytest.raises(UserError, match=r"must be a file that can be read, but no.csv is not \(No such file"):
        configure("dataset=table", "dataset.path=no.csv", "dataset.target=x", "layout=dense_2")
    with pytest.raises(
        UserError,
        match=r"dataset\.path must be a CSV .* and dataset\.target must be .*, but are not set\. Pass",
    ):
        configure("dataset=table", "layout=dense_2")
    with pytest.raises(UserError, match=r"dataset\.task must be classification or regression, but got 'clasi"):
        configure(*saved(BASE), "dataset.task=clasification")
    with pytest.raises(UserError, match="layout must be a dense one where the data are no images"):
        configure(*saved(BASE), "layout=digits_3")
    with pytest.raises(UserError, match=r"layout\.depth must be greater than 0, but got 0"):
        configure(*saved(BASE), "layout.depth=0")


def test_a_separator_of_two_characters_and_a_digest_of_none(saved: Any, configure: Configure) -> None:
    with pytest.raises(UserError, match=r"dataset\.sha256 must be left out"):
        configure(*saved(BASE), "dataset.sha256=abc", "dataset.task=regression")
    for separator in ("ab", "null", "''", "'\"'"):
        with pytest.raises(
            UserError, match=r"dataset\.separator must be one character, but got .* dataset.separator=tab"
        ):
            configure(*saved(BASE), f"dataset.separator={separator}", "dataset.task=regression")


def test_words_for_what_is_missing_are_words_among_words(saved: Any, configure: Configure) -> None:
    text = BASE.assign(
        area=BASE["area"].astype(str).where(BASE.index % 9 > 0, "NA"),
        city=BASE["city"].where(BASE.index % 5 > 0, "None"),
    ).to_csv(index=False)
    table = table_of(configure(*saved(text)))
    assert table.num_inputs == (2 + 1) + 4  # area, rooms, whether area is missing; three cities and None
    assert table.splits.notes == ("columns taken for numbers: area, rooms, and for categories: city (4 values)",)
    assert table_of(configure(*saved(text, "city"))).classes == ["Bacau", "Cluj", "Iasi", "None"]


def test_classes_that_differ_in_blanks_or_case_are_named(saved: Any, configure: Configure) -> None:
    city = BASE["city"].where(BASE.index % 7 > 0, " cluj").where(BASE.index % 7 != 1, "IASI ")
    *_, note = table_of(configure(*saved(BASE.assign(city=city), "city"))).splits.notes
    assert note == (
        "classes that differ only in blanks or case are learned as different ones: ' cluj' and 'Cluj'; 'IASI ' and "
        "'Iasi'. Write them alike in the table if they are not"
    )
    assert describe_spellings(["no", "yes", 1, 2.0]) == ()


@pytest.mark.parametrize(
    ("words", "classes", "said"),
    [
        (("True", "False"), [False, True], ""),
        (("TRUE", "FALSE"), [False, True], ""),
        (("True", "TRUE", "false"), [False, True], "learned as one class, for 'city' has nothing else: 'TRUE' and"),
        (("True", "TRUE", "No"), ["No", "TRUE", "True"], "are learned as different ones: 'TRUE' and 'True'"),
        (("True ", "TRUE", "False"), ["False", "TRUE", "True "], "are learned as different ones: 'TRUE' and 'True '"),
    ],
)
def test_spellings_of_truth_values_are_one_class_among_themselves_and_different_ones_among_words(
    words: tuple[str, ...], classes: list[Any], said: str, saved: Any, configure: Configure
) -> None:
    city = [words[place % len(words)] for place in range(len(BASE))]
    table = table_of(configure(*saved(BASE.assign(city=city), "city")))
    assert table.classes == classes
    notes = [note for note in table.splits.notes if "are learned as" in note]
    assert [said in note for note in notes] == [True] * bool(said)


def test_copies_of_training_rows_are_counted() -> None:
    train, test = some_rows(50), some_rows(30, seed=1)
    test = pd.concat([test, train[:7], train[:2].assign(price=0.0)])
    table = encode_table(split_official(train, test, "paper"), "price", "regression", 100)
    assert table.splits.notes == ("7 of 39 validation rows are also training rows",)
    assert encode_table(split_official(train, test[:30], "paper"), "price", "regression", 100).splits.notes == ()


@pytest.mark.parametrize(
    "name", ["city", "net price (EUR)", "a]b", "1", "1.5", "nan", "Null", 'say "x"', "it's", "é", "b\\"]
)
def test_advice_on_columns_can_be_pasted(name: str) -> None:
    (word,) = shlex.split(advise_drop([name]))
    values: Any = OverridesParser.create().parse_override(word).value()
    (value,) = values
    assert str(value) == name


@pytest.mark.slow
@pytest.mark.parametrize("form", ["gz", "xz", "zip", "bz2"])
def test_a_torn_archive_is_named(form: str, saved: Any, configure: Configure, tmp_path: Path) -> None:
    overrides, path = saved(BASE), tmp_path / f"houses.csv.{form}"
    BASE.to_csv(path, index=False)
    assert table_of(configure(*overrides, f"dataset.path={path}")).num_inputs == 5
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UserError, match="cannot be read as one: "):
        configure(*overrides, f"dataset.path={path}")


def test_a_file_in_latin_1_and_a_packer_that_is_missing(saved: Any, configure: Configure, tmp_path: Path) -> None:
    overrides = saved(BASE)
    path = tmp_path / "houses.csv"
    path.write_bytes(BASE.assign(city="Iași").to_csv(index=False).encode("iso-8859-2", "replace") + b"\xe9")
    with pytest.raises(UserError, match=r"a CSV must be in UTF-8, but .* is not\. Save it as UTF-8"):
        configure(*overrides)
    path = tmp_path / "houses.csv.zst"
    path.write_bytes(b"(\xb5/\xfd")
    with pytest.raises(UserError, match=r"must be a CSV that can be unpacked here|cannot be read as one"):
        configure(*overrides, f"dataset.path={path}")


def test_columns_to_drop_may_be_called_anything(saved: Any, configure: Configure) -> None:
    text = BASE.assign(**{"1": 2, "1.5": 2, "nan": 2, "null": 2}).to_csv(index=False)
    config = configure(*saved(text), "dataset.drop=[1,1.5,nan,null]", "dataset.separator=','")
    assert table_of(config).num_inputs == 5


@pytest.mark.parametrize("separator", ["'\\t'", "tab"])
def test_a_tab_as_a_shell_can_say_it(separator: str, saved: Any, configure: Configure) -> None:
    config = configure(*saved(BASE.to_csv(sep="\t", index=False)), f"dataset.separator={separator}")
    assert table_of(config).num_inputs == 5


def test_separators_marks_and_columns_to_drop(saved: Any, configure: Configure) -> None:
    text = "\ufeff" + BASE.assign(day="2020-01-31").to_csv(sep=";", index=False)
    config = configure(*saved(text), "dataset.separator=';'", "dataset.drop=[day]")
    assert table_of(config).num_inputs == 2 + 3


def test_parquet_is_read_where_pyarrow_is(tmp_path: Path, configure: Configure) -> None:
    path = tmp_path / "houses.parquet"
    overrides = ["dataset=table", f"dataset.path={path}", "dataset.target=price", "layout=dense_2"]
    try:
        BASE.assign(day=pd.Timestamp("2020-01-31")).to_parquet(path)
    except ImportError:
        path.write_bytes(b"PAR1")
        with pytest.raises(UserError, match=r"Parquet file must have pyarrow to read it\. Install it with"):
            configure(*overrides)
        return
    with pytest.raises(UserError, match="'day' has dates"):
        _ = open_dataset(configure(*overrides).dataset).splits
    assert table_of(configure(*overrides, "dataset.drop=[day]")).num_inputs == 5


# Dense networks and regression


def test_dense_sizes_and_flops_by_hand(saved: Any, configure: Configure) -> None:
    """Five inputs, two layers of 128, one output; a unit has seven of each layer, 8 numbers of batch norm twice and 2
    of layer norm."""
    plain = 5 * 128 + 128 + 128 * 128 + 128
    readout = 128 + 1
    baseline = configure(*saved(BASE), "norm=no_norm")
    assert count_keras(build_model(resolve(baseline))) == plain + readout
    assert count_flops(resolve(baseline)) == 2 * (5 * 128 + 128 * 128 + 128)
    assert count_keras(build_model(resolve(configure(*saved(BASE), "norm=no_norm", "residual=with")))) == (
        plain + 128 * 128 + 128 + readout)  # fmt: skip
    assert (
        count_keras(build_model(resolve(configure(*saved(BASE), "mgu=equations"))))
        == 7 * plain + 2 * 128 * 10 + readout
    )
    assert baseline.layout.as_list == "dense [2, 128]"


@pytest.mark.parametrize("choice", ["norm=bn_pre", "norm=bn_post", "norm=ln residual=with", "mgu=reference"])
def test_dense_networks_take_images_too(choice: str, configure: Configure) -> None:
    config = configure("layout=dense_2", *choice.split())
    assert build_model(resolve(config))(torch.rand(2, 1, 8, 8)).shape == (2, 10)
    for block, inputs in build_warmup_blocks(resolve(config)):
        assert block(inputs).shape == (2, 128)


def test_metrics_of_regression_are_those_of_scikit_learn_in_the_targets_unit() -> None:
    targets = torch.randn(200, dtype=torch.float64) * 3 + 50
    mean, std = 40.0, 7.0
    predicted = targets + torch.randn(200, dtype=torch.float64)
    rows = Rows(((predicted - mean) / std).float()[:, None], ((targets - mean) / std).float())
    metrics = evaluate(nn.Identity(), rows, Regression(mean, std), 64)
    assert metrics["rmse"] == pytest.approx(root_mean_squared_error(targets, predicted), rel=1e-5)
    assert metrics["mae"] == pytest.approx(mean_absolute_error(targets, predicted), rel=1e-5)
    assert metrics["r2"] == pytest.approx(r2_score(targets, predicted), rel=1e-5)
    assert metrics["loss"] == pytest.approx((metrics["rmse"] / std) ** 2, rel=1e-5)


@pytest.mark.slow
def test_a_run_of_regression_learns_and_is_measured_in_the_targets_unit(saved: Any, configure: Configure) -> None:
    config = configure(*saved(some_rows(600)), "mgu=reference", "training.epochs=15", "training.batch_size=32")
    run_folder(config).mkdir(parents=True)
    result = run(config)
    assert result == read_result(run_folder(config) / "result.json") and result.status == "ok"
    assert result.task == "regression" and result.val and result.test and result.val.accuracy is None
    spread = some_rows(600)["price"].std()
    assert result.test.rmse and result.test.r2 and result.test.rmse < spread / 3 and result.test.r2 > 0.85
    history = pd.read_csv(run_folder(config) / "history.csv")
    assert result.best_epoch == int(history["val_rmse"].argmin()) + 1

    trained = load_trained(run_folder(config))
    assert trained.splits.test
    assert evaluate(trained.model, trained.splits.test, open_dataset(config.dataset).task, 64)["rmse"] == pytest.approx(
        result.test.rmse, rel=1e-5
    )
    assert not (run_folder(config) / "correct.bits").exists()
    explained = json.loads((run_folder(config) / "explain.json").read_text())
    assert explained["metric"] == "rmse" and explained["score"] == pytest.approx(result.val.rmse, rel=1e-5)
    assert [unit["name"] for unit in explained["units"]] == ["linear1", "linear2"]
    with pytest.raises(UserError, match=r"RUN must classify, but .* is of regression"):
        run_pruning(trained, read_settings(conf_dir() / "prune.yaml", []), None, print)


def test_a_run_of_a_table_says_how_many_classes_it_has(saved: Any, configure: Configure) -> None:
    """A run that diverged before its first epoch was over counts as a guess among them."""
    config = configure(*saved(some_rows(), "city"), "optimizer.lr=1e30", "training.epochs=1")
    run_folder(config).mkdir(parents=True)
    result = run(config)
    assert result.status == "diverged" and result.num_classes == 3 and chance_accuracy(result) == pytest.approx(1 / 3)
    assert chance_accuracy(msgspec.structs.replace(result, num_classes=None)) == 0


@pytest.mark.slow
def test_a_user_trains_plans_and_reports_on_a_file(saved: Any, mgu_run: Command, tmp_path: Path) -> None:
    overrides = [*saved(some_rows(300)), "training.epochs=2", "energy.enabled=false"]
    done = mgu_run("-m", *overrides, "norm=ln,no_norm")
    assert done.returncode == 0, done.stderr
    shown = mgu_run("report", "runs/single")
    assert "single (houses.price@" in shown.stdout and "val_rmse" in shown.stdout and "test_r2" in shown.stdout
    planned = mgu_run("plan", *overrides, "norm=ln,bn_pre")
    assert "1 done" in planned.stdout and "dense [2, 128]" in planned.stdout
    assert planned.stdout.startswith("columns taken for numbers: area, rooms")  # before the table, as in a run
    wrong = mgu_run(*(word.replace("target=price", "target=prize") for word in overrides))
    assert wrong.returncode == 2 and "Did you mean price?" in wrong.stderr and "Traceback" not in wrong.stderr


@pytest.mark.slow
def test_adult_repeats_training_rows_as_the_guide_says(data_root: str) -> None:
    """The figures of docs/guide/data.md."""
    train, test = load_adult(Path(data_root))
    keys = [
        part.drop(columns=["fnlwgt", adult.TARGET]).astype(object).fillna("").apply(tuple, axis=1)
        for part in (train, test)
    ]
    trained = set(zip(keys[0], train[adult.TARGET], strict=True))
    tested = [*zip(keys[1], test[adult.TARGET], strict=True)]
    other = dict(zip(adult.CLASSES, reversed(adult.CLASSES), strict=True))
    assert sum((key, label) in trained or (key, other[label]) in trained for key, label in tested) == 2979
    assert sum((key, other[label]) in trained for key, label in tested) == 1003
    assert sum((key, label) in trained for key, label in tested) == 2586
