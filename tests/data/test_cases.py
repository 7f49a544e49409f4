"""Images of cases: what is found, decoded, kept and split, what is refused, and what is said of whole cases."""

from __future__ import annotations

import copy
import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from sklearn.utils.class_weight import compute_class_weight

from mgu.config.check import check_config
from mgu.config.run import RunConfig
from mgu.console.lines import LineView
from mgu.data.cases import cases
from mgu.data.cases.cases import load_cases
from mgu.data.cases.dataset import CaseDataset
from mgu.data.datasets import open_dataset
from mgu.data.image_files import decoded
from mgu.data.image_files.decode import decode
from mgu.data.image_files.images import FileImages
from mgu.data.splits import Splits, split_classes
from mgu.errors import UserError
from mgu.factory.trained import load_trained
from mgu.report.stats.correct import Bits
from mgu.results.events import DataNote, EpochEnded, Event
from mgu.results.on_disk.correct import read_correct
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.metrics import Metrics
from mgu.run.evaluate_splits import examples_per_group
from mgu.run.execute import run
from mgu.tasks.classification import Classification
from mgu.tracking.values import result_metrics
from tests.conftest import Command, Configure, compose_run
from tests.examples import example_result, example_unit, ranked, sentences

Of = Callable[..., Any]  # of cases, which a RunConfig may have
STAGES = ("acetic_1", "acetic_2", "green")
CLASSES = {"cancer": 5, "normal": 12, "type_1": 7}


def picture(random: np.random.Generator, label: int, size: int = 16) -> Image.Image:
    """Noise, brighter in the channel of its class."""
    pixels = random.integers(0, 120, (size, size, 3))
    pixels[..., label] += 120
    return Image.fromarray(pixels.astype(np.uint8))


def save_cases(root: Path, classes: dict[str, int] | None = None, stages: tuple[str, ...] = STAGES) -> Path:
    """<class>/<case>/<stage>.png: the same at every call."""
    random = np.random.default_rng(0)
    for label, (name, number) in enumerate((CLASSES if classes is None else classes).items()):
        for case in range(number):
            folder = root / name / f"{name}_{case:02}"
            folder.mkdir(parents=True)
            for stage in stages:
                picture(random, label).save(folder / f"{stage}.png")
    return root


def save_csv(root: Path, path: Path, without: str = "") -> Path:
    """The same cases as a table."""
    columns = [column for column in ("label", "case", "image", "stage") if column != without]
    lines = [",".join(columns)]
    for file in sorted(root.glob("*/*/*")):
        row = {"label": file.parts[-3], "case": file.parts[-2], "image": str(file), "stage": file.stem.split("_")[0]}
        lines.append(",".join(row[column] for column in columns))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own."""
    monkeypatch.setattr(cases, "cache_dir", lambda what: tmp_path / "cache" / what)
    return tmp_path / "cache" / "cases"


SMALL = ("layout=digits_2", "dataset.image_shape=[3,16,16]", "training.epochs=3", "training.batch_size=8")


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A small run on cases that are gone: Hydra takes a while, and is not what is tested."""
    root = save_cases(tmp_path_factory.mktemp("composed"))
    return compose_run(Path(), "dataset=cases", f"dataset.path={root}", *SMALL).model_dump()


@pytest.fixture
def of(composed: dict[str, Any], tmp_path: Path) -> Of:
    """The same on the cases in a folder or a CSV, with other values for dotted keys."""

    def configured(path: Path, *overrides: str) -> RunConfig:
        values = copy.deepcopy(composed) | {"runs_dir": str(tmp_path / "runs")}
        values["dataset"] |= {"path": str(path), "sha256": None, "classes": None}
        for override in overrides:
            key, value = override.split("=", 1)
            *section, name = key.split(".")
            (values[section[0]] if section else values)[name] = yaml.safe_load(value)
        return check_config(values | {"dataset": CaseDataset.resolve(values["dataset"])})

    return configured


def parts_of(splits: Splits) -> list[FileImages]:
    parts = [splits.train, splits.val, splits.test]
    assert all(isinstance(part, FileImages) for part in parts)
    return parts  # type: ignore[return-value]


def pixels_of(part: FileImages) -> Any:
    """(N, H, W, C)"""
    return part.pixels.permute(0, 2, 3, 1).numpy()


# Splitting


def test_no_case_crosses_and_every_class_is_everywhere(of: Of, tmp_path: Path) -> None:
    root = save_cases(tmp_path / "data")
    parts = parts_of(open_dataset(of(root).dataset).splits)
    members = [set(part.groups.tolist()) for part in parts]
    assert not members[0] & members[1] and not members[0] & members[2] and not members[1] & members[2]
    assert len(set.union(*members)) == sum(CLASSES.values()) and sum(len(part) for part in parts) == 3 * 24
    assert [len(own) for own in members] == [17, 3, 4]
    for part in parts:
        assert set(part.labels.tolist()) == {0, 1, 2} and examples_per_group(part) == [3] * len(part.groups.unique())
        bright = part.batch(slice(None))[0].mean(dim=(2, 3)).argmax(dim=1)
        assert torch.equal(bright, part.labels)  # pixels, labels and cases belong together
    part_of = {image.tobytes(): number for number, part in enumerate(parts) for image in pixels_of(part)}
    assert len(part_of) == 3 * 24
    for folder in root.glob("*/*"):  # and so say the files themselves
        images = [np.asarray(Image.open(file)) for file in folder.iterdir()]
        assert len({part_of[image.tobytes()] for image in images}) == 1


def test_other_shares_are_other_experiments(of: Of, tmp_path: Path) -> None:
    folder = save_cases(tmp_path / "cases")
    labels = [of(folder, *more).dataset.label for more in ((), ["dataset.test_share=0.3"], ["dataset.val_share=0.2"])]
    assert [label.removeprefix(labels[0]) for label in labels] == ["", " test 0.3", " val 0.2"]


def test_the_split_is_the_same_for_all_seeds_sizes_and_broken_images(of: Of, tmp_path: Path) -> None:
    root = save_cases(tmp_path / "data")
    whole = parts_of(open_dataset(of(root).dataset).splits)
    (root / "normal" / "normal_03" / "acetic_1.png").write_bytes(b"no picture")
    others = ["seed=3", "dataset.image_shape=[1,10,12]", "dataset.fit=stretch"]
    for override in others:
        splits = open_dataset(of(root, "dataset.broken=skip", override).dataset).splits
        for ours, theirs in zip(whole, parts_of(splits), strict=True):
            assert set(ours.groups.tolist()) == set(theirs.groups.tolist())
        assert splits.notes[0].startswith("71 images of 24 cases are used of 72 images of 24 cases found: train ")
        (skipped,) = [note for note in splits.notes if "skipped" in note]
        assert skipped.startswith("1 image skipped: normal/normal_03/acetic_1.png cannot be decoded (cannot identify")


@pytest.mark.parametrize(("number", "shares", "sizes"), [
    (3, (0.2, 0.1), [1, 1, 1]), (3, (0.9, 0.9), [1, 1, 1]), (10, (0.2, 0.1), [7, 2, 1]), (100, (0.2, 0.1), [72, 20, 8]),
])  # fmt: skip
def test_shares_of_a_class(number: int, shares: tuple[float, float], sizes: list[int]) -> None:
    labels = torch.arange(2).repeat_interleave(number)
    parts = split_classes(labels, *shares)
    for label in (0, 1):
        assert [int((labels[part] == label).sum()) for part in parts] == sizes
    assert torch.cat(parts).sort().values.tolist() == list(range(2 * number))
    assert all(torch.equal(a, b) for a, b in zip(parts, split_classes(labels, *shares), strict=True))


def test_every_case_is_tested_in_one_fold_and_all_folds_are_decoded_once(of: Of, tmp_path: Path, cache: Path) -> None:
    root, tested = save_cases(tmp_path / "data"), []
    configs = [of(root, "dataset.folds=5", f"dataset.fold={fold}") for fold in range(5)]
    for config in configs:
        parts = parts_of(open_dataset(config.dataset).splits)
        members = [set(part.groups.tolist()) for part in parts]
        assert sum(map(len, members)) == len(set.union(*members)) == 24
        for part in parts:
            assert set(part.labels.tolist()) == {0, 1, 2} and examples_per_group(part) == [3] * len(
                part.groups.unique()
            )
            assert torch.equal(part.batch(slice(None))[0].mean(dim=(2, 3)).argmax(dim=1), part.labels)
        tested += sorted(members[2])
    assert sorted(tested) == list(range(24)) and len(list(cache.glob("*.pixels"))) == 1
    assert len({config.identity for config in configs}) == 5
    assert {config.dataset.label for config in configs} == {f"data@{configs[0].dataset.sha256[:4]} 5 folds"}
    with pytest.raises(UserError, match=r"'cancer' has 5 for 6 folds. Pass dataset.folds=5, or add cases"):
        of(root, "dataset.folds=6")


# Finding


def test_a_csv_and_a_folder_are_the_same_data(of: Of, tmp_path: Path) -> None:
    root = save_cases(tmp_path / "data")
    table = save_csv(root, tmp_path / "cases.csv")
    semicolons = tmp_path / "other.csv"
    semicolons.write_text("\ufeff" + table.read_text().replace(",", ";"))
    folder, *tables = (of(path) for path in (root, table, semicolons))
    assert {config.identity for config in tables} == {folder.identity}
    assert folder.dataset.classes == ["cancer", "normal", "type_1"] and folder.dataset.task == "classification"
    for ours, theirs in zip(
        parts_of(open_dataset(folder.dataset).splits), parts_of(open_dataset(tables[0].dataset).splits), strict=True
    ):
        assert torch.equal(ours.pixels, theirs.pixels) and torch.equal(ours.groups, theirs.groups)


def test_stages_come_from_the_csv_or_the_files_names(of: Of, tmp_path: Path) -> None:
    root = save_cases(tmp_path / "data")
    table = save_csv(root, tmp_path / "cases.csv")
    everything = of(root)
    acetic = [of(path, "dataset.stages=[acetic]") for path in (root, table)]
    assert len({config.identity for config in (everything, *acetic)}) == 2
    for config in acetic:
        parts = parts_of(open_dataset(config.dataset).splits)
        assert sum(len(part) for part in parts) == 2 * 24 and examples_per_group(parts[2]) == [2] * 4
    for file in root.glob("*/*/green.png"):
        file.unlink()
    assert of(root).identity == acetic[0].identity  # what is trained is the same
    named = of(root, "dataset.stages=[2]", r"dataset.stage_pattern=_(\d)$")
    assert sum(len(part) for part in parts_of(open_dataset(named.dataset).splits)) == 24


def test_the_identity_is_of_the_images_and_not_of_their_place(of: Of, tmp_path: Path) -> None:
    first = of(save_cases(tmp_path / "data"))
    moved = Path(shutil.copytree(tmp_path / "data", tmp_path / "elsewhere" / "data"))
    same = ["dataset.memory_gib=0", "dataset.cache_gib=1", "dataset.broken=skip"]
    assert {of(moved, override).identity for override in ("seed=0", *same)} == {first.identity}
    changes = [
        "dataset.fit=pad",
        "dataset.class_weights=balanced",
        "dataset.test_share=0.3",
        "dataset.image_shape=[1,16,16]",
    ]
    assert len({first.identity, *(of(moved, change).identity for change in changes)}) == 1 + len(changes)
    (moved / "normal" / "normal_00").rename(moved / "type_1" / "normal_00")
    relabelled = of(moved).identity
    (moved / "type_1" / "normal_00").rename(moved / "normal" / "normal_00")
    assert relabelled != first.identity == of(moved).identity
    image = moved / "normal" / "normal_00" / "green.png"
    picture(np.random.default_rng(9), 1).save(image)
    assert of(moved).identity != first.identity and of(moved).dataset.label == f"data@{of(moved).dataset.sha256[:4]}"


def empty(root: Path) -> None:
    shutil.rmtree(root)
    root.mkdir()


def keep_one_class(root: Path) -> None:
    for name in ("cancer", "type_1"):
        shutil.rmtree(root / name)


def put(root: Path, *names: str) -> None:
    """Another picture each."""
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(np.random.default_rng(100 + seed), 0).save(root / name)


@pytest.mark.parametrize(
    ("spoil", "overrides", "message"),
    [
        (empty, "", "dataset.path must be a folder of .* but .*data holds no images"),
        (shutil.rmtree, "", "dataset.path must be a folder of .* but .*data does not exist. Correct the path"),
        (keep_one_class, "", "two classes at least, but .*data has 'normal' only"),
        (lambda root: (root / "none").mkdir(), "", "every class must have cases with images, but .*none has none"),
        (lambda root: put(root, "rare/a/1.png", "rare/b/1.png"), "", "at least 3 cases, .* but 'rare' has 2"),
        (lambda root: put(root, "normal/cancer_00/1.png"), "", "class, but 'cancer_00' is of 'cancer' and 'normal'"),
        (lambda root: put(root, "normal/1.png"), "", "must lie in <class>/<case>/<image>, but .*normal/1.png does"),
        (lambda root: put(root, "1.png"), "", "images must lie in <class>/<case>/<image>, but .*data/1.png does not"),
        (lambda root: None, "dataset.stages=[acetik]", r"those of the .*\(acetic, green\), .* Did you mean acetic\?"),
        (lambda root: None, "dataset.stages=[x] dataset.stage_pattern=^k", "but .k finds none, as in acetic_1"),
        (lambda root: None, "dataset.stages=[x] dataset.stage_pattern='['", r"a regular expression, but \[ is none"),
        (lambda root: None, "dataset.image_shape=[2,16,16]", "channels must be 3 .colours. or 1 .grey., but got 2"),
        (lambda root: None, "dataset.broken=ignore", "dataset.broken must be refuse or skip, but got 'ignore'"),
        (lambda root: None, "layout.num_layers=20", "every feature map at least as large as its 3x3 kernel"),
        (lambda root: shutil.copy(root / "cancer/cancer_00/green.png", root / "normal/normal_01/x.png"), "",
         "normal/normal_01/x.png is a copy of cancer/cancer_00/green.png. Mend or remove"),
    ],
)  # fmt: skip
def test_cases_that_cannot_be_learned_from(
    spoil: Callable[[Path], object], overrides: str, message: str, of: Of, tmp_path: Path
) -> None:
    spoil(save_cases(tmp_path / "data"))
    with pytest.raises(UserError, match=message) as caught:
        of(tmp_path / "data", *overrides.split())
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "overrides", "message"),
    [
        (lambda text: text.replace("label,", "lable,"), "", "a column 'label', but has lable, .* Did you mean lable"),
        (lambda text: text.replace(",stage", ",when"), "dataset.stages=[acetic]", "'stage', .* dataset.stages=null"),
        (lambda text: text.replace("acetic_1.png", "acetic_9.png", 1), "", "acetic_9.png is missing. Mend or remove"),
        (lambda text: text + "normal,cancer_00,new.png,green", "", "class, but 'cancer_00' is of 'cancer' and 'norm"),
        (lambda text: text + "normal,,new.png,green", "", "every row must have its case, but row 74 of .* has none"),
        (lambda text: text + text.splitlines()[1], "", "must stand in one row, but .* stands in rows 2 and 74"),
        (lambda text: "", "", "must have a column 'case', but has "),
        (lambda text: "case,image\n\ud800".encode("utf-8", "surrogatepass"), "", "cannot be read as one"),
    ],
)  # fmt: skip
def test_a_csv_that_cannot_be_learned_from(
    change: Callable[[str], str | bytes], overrides: str, message: str, of: Of, tmp_path: Path
) -> None:
    table = save_csv(save_cases(tmp_path / "data"), tmp_path / "cases.csv")
    changed = change(table.read_text())
    table.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    with pytest.raises(UserError, match=message) as caught:
        of(table, *overrides.split())
    assert len(str(caught.value).splitlines()) == 1


# Broken images and the cache


@pytest.mark.parametrize(("spoil", "reason"), [
    (lambda file: file.write_bytes(file.read_bytes()[:300]), "cannot be decoded"),
    (lambda file: Image.new("RGB", (16, 16)).save(file), "is of one shade"),
])  # fmt: skip
def test_a_broken_image_is_refused_or_skipped_by_name(
    spoil: Callable[[Path], object], reason: str, of: Of, tmp_path: Path, cache: Path
) -> None:
    root = save_cases(tmp_path / "data")
    name = "normal/normal_03/green.png"
    spoil(root / name)
    for _ in range(2):
        with pytest.raises(
            UserError, match=rf"must be whole and each there once, but {name} {reason}.* dataset.broken=skip"
        ):
            _ = open_dataset(of(root).dataset).splits
        assert not list(cache.glob("*.part")) and not list(cache.glob("*.json"))
    splits = open_dataset(of(root, "dataset.broken=skip").dataset).splits
    assert sum(len(part) for part in parts_of(splits)) == 3 * 24 - 1
    assert f"1 image skipped: {name} {reason}" in " ".join(splits.notes)
    with pytest.raises(UserError, match=f"but {name} {reason}"):  # and not from the cache
        _ = open_dataset(of(root).dataset).splits


def test_a_case_all_of_whose_images_are_broken(of: Of, tmp_path: Path) -> None:
    root = save_cases(tmp_path / "data", {"a": 3, "b": 3})
    for file in (root / "a").glob("a_00/*"):
        file.write_bytes(b"")
    with pytest.raises(
        UserError, match=r"every class must have whole images .* of 'a' there is none left for (train|val|test)"
    ):
        _ = open_dataset(of(root, "dataset.broken=skip").dataset).splits


def test_what_is_cached_is_what_was_decoded(
    of: Of, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = of(save_cases(tmp_path / "data"))
    first = parts_of(load_cases(config.dataset))
    monkeypatch.setattr(decoded, "decode", None)
    shutil.rmtree(tmp_path / "data")  # nor is anything else read again
    for memory_gib in (4.0, 0.0):
        again = parts_of(load_cases(config.dataset.model_copy(update={"memory_gib": memory_gib})))
        for ours, theirs in zip(first, again, strict=True):
            for name in ("pixels", "labels", "groups"):
                assert torch.equal(getattr(ours, name), getattr(theirs, name))
            assert (
                ours.pixels.dtype == torch.uint8
                and theirs.to(torch.device("cpu")).pixels.data_ptr() == theirs.pixels.data_ptr()
            )
    assert sorted(file.suffix for file in cache.iterdir() if file.name != ".lock") == [".json", ".pixels"]


def test_cached_pixels_are_read_into_memory_or_mapped(of: Of, tmp_path: Path) -> None:
    """Splits of what is mapped are views of one file, those in memory have their own."""
    dataset = of(save_cases(tmp_path / "data")).dataset
    for memory_gib, number in ((1.0, 3), (1e-6, 1)):
        parts = parts_of(load_cases(dataset.model_copy(update={"memory_gib": memory_gib})))
        assert len({part.pixels.untyped_storage().data_ptr() for part in parts}) == number


@pytest.mark.parametrize("damage", [
    lambda pixels, description: pixels.write_bytes(pixels.read_bytes()[:-1]),
    lambda pixels, description: pixels.write_bytes(bytes([pixels.read_bytes()[0] ^ 1]) + pixels.read_bytes()[1:]),
    lambda pixels, description: pixels.write_bytes(b""),
    lambda pixels, description: pixels.unlink(),
    lambda pixels, description: description.write_text("{"),
    lambda pixels, description: description.write_text(description.read_text().replace('"labels":[0', '"labels":[0,0')),
    lambda pixels, description: description.unlink(),
])  # fmt: skip
def test_a_torn_cache_is_made_anew(damage: Any, of: Of, tmp_path: Path, cache: Path) -> None:
    dataset = of(save_cases(tmp_path / "data")).dataset
    first = parts_of(load_cases(dataset))
    ((pixels,), (description,)) = cache.glob("*.pixels"), cache.glob("*.json")
    damage(pixels, description)
    for ours, theirs in zip(first, parts_of(load_cases(dataset)), strict=True):
        assert torch.equal(ours.pixels, theirs.pixels) and torch.equal(ours.labels, theirs.labels)


def test_the_cache_is_bounded(of: Of, tmp_path: Path, cache: Path) -> None:
    root = save_cases(tmp_path / "data")
    size = 72 * 3 * 16 * 16 / 2**30
    with pytest.raises(
        UserError, match=r"dataset.cache_gib must hold the decoded images, 5.15e-05 GiB, but got 1e-05. Raise"
    ):
        load_cases(of(root, "dataset.cache_gib=0.00001").dataset)
    (tmp_path / "cache" / "cases").mkdir(parents=True, exist_ok=True)
    for fit in ("crop", "pad", "stretch"):
        load_cases(of(root, f"dataset.fit={fit}", f"dataset.cache_gib={2.5 * size}").dataset)
    assert len(list(cache.glob("*.pixels"))) == len(list(cache.glob("*.json"))) == 2


def test_two_processes_decode_once(of: Of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One waits for the other, and then has what that one decoded. What a killed one left is gone."""
    dataset = of(save_cases(tmp_path / "data")).dataset
    decoded_by: list[int] = []

    def counting(*own: Any) -> Any:
        decoded_by.append(threading.get_ident())
        return decode(*own)

    monkeypatch.setattr(decoded, "decode", counting)
    (tmp_path / "cache" / "cases").mkdir(parents=True)
    (tmp_path / "cache" / "cases" / ".x.pixels.1.part").write_bytes(b"half")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: parts_of(load_cases(dataset)), range(2))
    assert len(decoded_by) == 3 * 24 and all(
        torch.equal(a.pixels, b.pixels) for a, b in zip(first, second, strict=True)
    )
    assert not list((tmp_path / "cache" / "cases").glob("*.part"))


def test_images_that_change_after_the_run_began_are_refused(of: Of, tmp_path: Path) -> None:
    config = of(save_cases(tmp_path / "data"))
    put(tmp_path / "data", "normal/normal_00/green.png")
    with pytest.raises(UserError, match=r"images that the run began with, but .*data has changed. Start anew"):
        load_cases(config.dataset)


def test_a_cache_that_cannot_be_written(of: Of, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError, match=r"decoded images must have a place, but .* Set MGU_CACHE"):
        load_cases(of(save_cases(tmp_path / "data")).dataset)


# Runs


def test_balanced_weights_are_scikit_learns_and_of_training_images_only(of: Of, tmp_path: Path) -> None:
    config = of(save_cases(tmp_path / "data"), "dataset.class_weights=balanced")
    task, (train, *_) = open_dataset(config.dataset).task, parts_of(open_dataset(config.dataset).splits)
    assert isinstance(task, Classification) and task.class_weights is not None
    expected = compute_class_weight("balanced", classes=np.arange(3), y=train.labels.numpy())
    torch.testing.assert_close(task.class_weights, torch.tensor(expected).float())
    assert task.class_weights[train.labels].mean() == pytest.approx(1.0)
    plain = open_dataset(of(tmp_path / "data").dataset).task
    assert isinstance(plain, Classification) and plain.class_weights is None


def test_a_run_learns_what_the_cases_have_and_leaves_what_was_found(configure: Configure, tmp_path: Path) -> None:
    root = save_cases(tmp_path / "data")
    choice = ("mgu=reference", "engine=eager", "dataset.class_weights=balanced")
    config = configure("dataset=cases", f"dataset.path={root}", *SMALL, *choice)
    run_folder(config).mkdir(parents=True)
    result = run(config)
    assert result == read_result(run_folder(config) / "result.json") and result.dataset.startswith("data@")
    assert result.test and result.test.accuracy and result.test.accuracy > 0.8 and result.test.confusion
    assert np.array(result.test.confusion).sum() == 12 and np.array(result.test.case_confusion).sum() == 4
    hits = np.trace(np.array(result.test.case_confusion))
    assert result.test.case_accuracy == hits / 4 and result.val and result.val.case_macro_f1 is not None
    number, bits, group_sizes = read_correct(run_folder(config)) or (0, b"", ())
    assert number == 12 and group_sizes == (3,) * 4
    assert Bits(number, bits, group_sizes).unpack().mean() == pytest.approx(result.test.accuracy)

    tracked = result_metrics(result)
    assert tracked["result/test_case_accuracy"] == hits / 4 and "result/test_confusion" not in tracked

    explained = json.loads((run_folder(config) / "explain.json").read_text())
    assert explained["examples"] == 9 and explained["score"] == pytest.approx(result.val.accuracy)
    shutil.rmtree(tmp_path / "data")  # the decoded ones are there
    assert len(load_trained(run_folder(config)).splits.val) == 9


def test_interrupted_it_goes_on_to_the_same_bits(of: Of, tmp_path: Path) -> None:
    class Interruption(BaseException):
        pass

    def interrupt(event: Event) -> None:
        if isinstance(event, EpochEnded) and event.row["epoch"] == 2:
            raise Interruption

    root = save_cases(tmp_path / "data")
    results = []
    for name in ("whole", "parts"):
        config = of(root, "training.epochs=4", f"experiment_name={name}", "dataset.memory_gib=0")
        run_folder(config).mkdir(parents=True)
        if name == "parts":
            with pytest.raises(Interruption):
                run(config, interrupt)
        results.append(run(config))
    assert [result.resumed for result in results] == [0, 1]
    assert results[0].test == results[1].test and results[0].val == results[1].val


def test_tests_of_a_report_are_over_cases() -> None:
    """Shares of cases by hand: 1 of 2, 3 of 3, 0 of 1, 1 of 2."""
    bits = Bits(8, np.packbits([1, 0, 1, 1, 1, 0, 0, 1]).tobytes(), (2, 3, 1, 2))
    assert bits.num_images == 4 and bits.unpack().tolist() == [0.5, 1.0, 0.0, 0.5]
    results = [
        make(
            config={"dataset": {"name": "cases", "classes": ["a", "b"]}},
            split="holdout",
            test=Metrics(loss=0.3, accuracy=0.8),
        )
        for make in (example_result, example_unit)
    ]
    assert any(line.startswith("Images of one case resemble each other") for line in sentences(results))
    assert {row.examples for table in ranked(results) for row in table.rows} == {"cases"}


def test_what_is_said_of_the_data_is_said_once_a_sweep(of: Of, tmp_path: Path, capsys: Any) -> None:
    config = of(save_cases(tmp_path / "data"))
    for in_sweep in (True, False):
        view = LineView(in_sweep)
        view.started([config], "here")
        view.handle(config, DataNote("1 image skipped: x"))
        assert capsys.readouterr().out == f"{config.name}: 1 image skipped: x\n" * (not in_sweep)


@pytest.mark.slow
def test_a_user_trains_plans_and_reports_on_cases(mgu_run: Command, tmp_path: Path) -> None:
    save_cases(tmp_path / "cervix")
    own = {"MGU_CACHE": str(tmp_path / "own")}
    small = [
        "layout=digits_2",
        "dataset.image_shape=[3,16,16]",
        "training.epochs=1",
        "engine=eager",
        "energy.enabled=false",
    ]
    overrides = ["+experiment=cervigram", "dataset.path=cervix", *small]
    (tmp_path / "cervix" / "normal" / "normal_02" / "acetic_1.png").write_bytes(b"oh")
    refused = mgu_run("-m", *overrides, "norm=ln", **own)
    assert refused.returncode == 2 and "normal/normal_02/acetic_1.png cannot be decoded" in refused.stderr
    done = mgu_run("-m", *overrides, "norm=ln", "residual=without", "dataset.broken=skip", **own)
    assert done.returncode == 0 and "1 image skipped: normal/normal_02/acetic_1.png" in done.stdout, done.stderr
    shown = mgu_run("report", "runs/cervigram")
    assert "cervigram (cervix@" in shown.stdout and "test_case_acc [%]" in shown.stdout
    planned = mgu_run("plan", *overrides, "norm=ln,bn_pre", "residual=without", "dataset.broken=skip", **own)
    assert "1 done" in planned.stdout and "1 pending" in planned.stdout
    wrong = mgu_run(*overrides, "dataset.stages=[iodine]", **own)
    assert wrong.returncode == 2 and "but got 'iodine'" in wrong.stderr and "Traceback" not in wrong.stderr
