"""The user's own images: what is found in folders and tables, how it is split, and what is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mgu.config.images import ImagesConfig
from mgu.data.image_files.images import FileImages
from mgu.data.own_images import load
from mgu.data.own_images.files import resolve
from mgu.data.own_images.load import load_images
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.run.evaluate_splits import examples_per_group
from mgu.run.preflight import check_environment
from tests.conftest import Command, Configure
from tests.data.test_cases import save_cases

VALUES: dict[str, Any] = {
    "name": "images", "columns": {}, "groups": None, "image_shape": "auto", "fit": "crop", "broken": "refuse",
    "class_weights": "none", "test_share": 0.2, "val_share": 0.1, "folds": None, "fold": 0, "memory_gib": 4.0,
    "cache_gib": 50.0, "split": "holdout",
}  # fmt: skip
CLASSES = ("cat", "dog", "fish")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own."""
    monkeypatch.setattr(load, "cache_dir", lambda what: tmp_path / "cache" / what)
    return tmp_path / "cache" / "images"


def draw(path: Path, label: int, seed: int, size: tuple[int, int] = (12, 12)) -> None:
    """Noise, brighter in the channel of its class."""
    pixels = np.random.default_rng([label, seed]).integers(0, 120, (*size, 3))
    pixels[..., label] += 120
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def save_photos(root: Path, number: int = 10, parts: tuple[str, ...] = ("",)) -> Path:
    """<part>/<class>/p<patient>_<image>.png, two images a patient."""
    for place, part in enumerate(parts):
        for label, name in enumerate(CLASSES):
            for image in range(number):
                patient = f"{name[0]}{place}{image // 2}"
                draw(root / part / name / f"p-{patient}_{image}.png", label, image + 100 * place)
    return root


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three classes of ten images."""
    return save_photos(tmp_path / "photos")


def configure(path: Path, **changes: Any) -> ImagesConfig:
    return ImagesConfig.model_validate(resolve(VALUES | changes | {"path": str(path)}))


def parts_of(splits: Splits) -> list[FileImages]:
    parts = [splits.train, splits.val, splits.test]
    assert all(isinstance(part, FileImages) for part in parts)
    return parts  # type: ignore[return-value]


def pixels_of(part: FileImages) -> list[bytes]:
    """Each image as bytes, which tell it from any other."""
    return [row.tobytes() for row in part.raw(slice(None)).permute(0, 2, 3, 1).numpy()]


def check_labels(parts: list[FileImages]) -> None:
    """Pixels and labels belong together."""
    for part in parts:
        assert torch.equal(part.batch(slice(None))[0].mean(dim=(2, 3)).argmax(dim=1), part.labels)


# Splitting


def test_a_folder_by_class_is_split_by_class(photos: Path) -> None:
    config = configure(photos)
    splits = load_images(config)
    parts = parts_of(splits)
    assert config.classes == list(CLASSES) and config.image_shape == [3, 12, 12]
    assert [part.labels.bincount().tolist() for part in parts] == [[7] * 3, [1] * 3, [2] * 3]
    assert len({image for part in parts for image in pixels_of(part)}) == 30
    check_labels(parts)
    assert examples_per_group(parts[0]) == []  # every image is a group of its own
    assert splits.notes[0] == "30 images are used of 30 images found: train 21, val 3, test 6"
    assert splits.notes[1].startswith("images by class: cat train 7, val 1, test 2; dog")


def test_the_split_depends_on_contents_and_not_on_names(photos: Path, tmp_path: Path) -> None:
    first = configure(photos)
    renamed = tmp_path / "elsewhere" / "photos"
    for file in sorted(photos.glob("*/*")):
        target = renamed / file.parent.name / "deep" / f"{hash(file.name) % 1000:03}-{file.stem}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    again = configure(renamed)
    assert again.sha256 == first.sha256 and again.label == first.label == f"photos@{first.sha256[:4]}"
    for ours, theirs in zip(parts_of(load_images(first)), parts_of(load_images(again)), strict=True):
        assert pixels_of(ours) == pixels_of(theirs)
    draw(photos / "cat" / "new.png", 0, 99)
    assert configure(photos).sha256 != first.sha256


def test_a_group_is_never_divided(photos: Path) -> None:
    config = configure(photos, groups=r"p-(\w\d+)_")
    splits = load_images(config)
    parts = parts_of(splits)
    members = [set(part.groups.tolist()) for part in parts]
    assert [len(own) for own in members] == [9, 3, 3] and len(set.union(*members)) == 15
    assert examples_per_group(parts[2]) == [2, 2, 2] and not parts[2].are_cases
    assert splits.notes[0].startswith("30 images of 15 groups are used of 30 images of 15 groups found: train 18 (9)")
    assert "15 groups of 2 images stay together" in splits.notes
    assert config.sha256 != configure(photos).sha256


def test_a_group_may_have_images_of_several_classes(tmp_path: Path) -> None:
    """A stratum is the rarest class of a group, so that every split has some of it."""
    for patient in range(12):
        for image in range(3):
            draw(tmp_path / "x" / "cat" / f"{patient}_{image}.png", 0, 10 * patient + image)
        if patient % 2:
            draw(tmp_path / "x" / "dog" / f"{patient}_9.png", 1, patient)
    parts = parts_of(load_images(configure(tmp_path / "x", groups=r"(\d+)_")))
    members = [set(part.groups.tolist()) for part in parts]
    assert sum(map(len, members)) == len(set.union(*members)) == 12
    assert all(set(part.labels.tolist()) == {0, 1} for part in parts)
    assert all(sum(examples_per_group(part)) == len(part) for part in parts)  # those of a group lie together


@pytest.mark.parametrize("groups", [None, r"p-(\w\d+)_"])
def test_every_image_is_tested_in_one_fold_and_is_decoded_once(groups: str | None, photos: Path, cache: Path) -> None:
    tested: list[bytes] = []
    for fold in range(5):
        config = configure(photos, folds=5, fold=fold, groups=groups)
        splits = load_images(config)
        parts = parts_of(splits)
        assert config.label.endswith(" 5 folds") and splits.notes[0].startswith(f"fold {fold} of 5: 30 images")
        assert [part.labels.bincount().tolist() for part in parts][2] == [2, 2, 2]
        assert not set.intersection(*(set(part.groups.tolist()) for part in (parts[0], parts[2])))
        check_labels(parts)
        tested += pixels_of(parts[2])
    assert len(tested) == len(set(tested)) == 30 and len(list(cache.glob("*.pixels"))) == 1


# A split that is there already


@pytest.mark.parametrize(("names", "sizes", "note"), [
    (("train", "val", "test"), [30, 30, 30], "split as it was already (train, val, test)"),
    (("Training", "validation"), [24, 30, 6], "split as it was already (train, val); 20% of train are test"),
    (("train", "testing"), [27, 3, 30], "split as it was already (train, test); 10% of train are val"),
])  # fmt: skip
def test_a_split_is_kept(names: tuple[str, ...], sizes: list[int], note: str, tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", parts=names)
    splits = load_images(configure(root))
    assert [len(part) for part in parts_of(splits)] == sizes and splits.notes[-1] == note
    check_labels(parts_of(splits))
    kept = {path.read_bytes() for path in root.glob("test*/*/*.png")}
    if kept:
        assert sorted(pixels_of(parts_of(splits)[2])) == sorted(
            np.asarray(Image.open(file)).tobytes() for file in root.glob("test*/*/*.png")
        )


def test_who_split_the_data_may_test_on_fewer_classes(tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", parts=("train", "test"))
    shutil.rmtree(root / "test" / "dog")
    assert "dog train 9, val 1, test 0" in load_images(configure(root)).notes[1]


def test_copies_in_two_splits_are_named_and_that_of_the_test_is_kept(tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", parts=("train", "test"))
    shutil.copy(root / "test" / "dog" / "p-d10_0.png", root / "train" / "dog" / "again.png")
    message = r"train/dog/again.png is a copy of test/dog/p-d10_0.png, and one is in train, the other in test. Mend or"
    with pytest.raises(UserError, match=message):
        configure(root)
    parts = parts_of(load_images(configure(root, broken="skip")))
    assert [len(part) for part in parts] == [27, 3, 30]


# Tables


def save_table(root: Path, header: str = "file,diagnosis,patient,fold") -> Path:
    rows = [
        f"{file.relative_to(root)},{file.parent.name},{file.stem.partition('_')[0]},{place % 3}"
        for place, file in enumerate(sorted(root.glob("*/*.png")))
    ]
    (root / "list.csv").write_text("\n".join([header, *rows]) + "\n")
    return root / "list.csv"


def test_a_table_names_its_columns_as_it_likes(photos: Path) -> None:
    table = save_table(photos)
    with pytest.raises(
        UserError,
        match=r"a column of the label, but its columns are file, diagnosis, .* Pass dataset.columns.label=diagnosis.",
    ):
        configure(table)
    config = configure(table, columns={"label": "diagnosis"})
    notes = load_images(config).notes
    assert "columns of list.csv: image file, label diagnosis, group patient" in notes
    assert "15 groups of 2 images stay together" in notes
    assert config.sha256 == configure(photos, groups=r"p-\w\d+").sha256  # the same images of the same groups


def test_groups_of_a_table_are_a_column_or_a_pattern(photos: Path) -> None:
    table = save_table(photos, "file,label,person,x")
    plain = configure(table)
    assert configure(table, groups="person").sha256 != plain.sha256
    assert configure(table, groups=r"p-\w\d+").sha256 == configure(table, groups="person").sha256
    with pytest.raises(UserError, match=r"one of dataset.groups and dataset.columns.group must be left out"):
        configure(table, groups="person", columns={"group": "x"})


def test_a_column_may_say_the_split(photos: Path) -> None:
    table = save_table(photos, "image;class;patient;subset".replace(";", ","))
    assert "subset" not in " ".join(load_images(configure(table)).notes)  # it says 0, 1, 2: no split
    lines = table.read_text().splitlines()
    words = [lines[0]] + [f"{line[:-1]}{'test' if '0_' in line or '1_' in line else 'Train'}" for line in lines[1:]]
    table.write_text("\n".join(words))
    splits = load_images(configure(table))
    assert [len(part) for part in parts_of(splits)] == [12, 6, 12]  # groups of two validate
    table.write_text("\n".join(words).replace("Train", "trian", 1))
    with pytest.raises(UserError, match=r"'subset' must be train, val or test, but one is trian. Did you mean train"):
        configure(table)


def test_a_parquet_file_is_a_table_too(photos: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    table = save_table(photos, "image,label,patient,x")
    pd.read_csv(table).to_parquet(photos / "list.parquet")
    assert configure(photos / "list.parquet").sha256 == configure(table).sha256


# Sizes


def test_the_size_is_that_of_the_files(tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", 4)
    for file in root.glob("*/*.png"):
        Image.open(file).convert("L").resize((20, 10)).save(file)
    assert configure(root).image_shape == [1, 10, 20]
    draw(root / "cat" / "colour.png", 0, 5, (10, 20))
    assert configure(root).image_shape == [3, 10, 20]
    draw(root / "cat" / "large.png", 0, 6, (40, 30))
    message = (
        r"must be set where images differ in size, but 14 images have 2 sizes: 20x10 \(13\), 30x40 \(1\). "
        r"Pass dataset.image_shape=\[3,10,10\] to scale them"
    )
    with pytest.raises(UserError, match=message):
        configure(root)
    assert load_images(configure(root, image_shape=[3, 10, 10])).train.batch(slice(0, 1))[0].shape == (1, 3, 10, 10)


def test_few_tiny_images_are_left_out_rather_than_all_others_scaled_down(tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", 30)
    draw(root / "cat" / "tiny.png", 0, 5, (1, 1))
    with pytest.raises(
        UserError, match=r"image_shape=\[3,\d\d,\d\d\] dataset.broken=skip to scale them, without 1 that is"
    ):
        configure(root)
    for number in range(40):
        draw(root / "cat" / f"tiny{number}.png", 0, number, (2, 2))
    with pytest.raises(UserError, match=r"image_shape=\[3,4,4\] to scale them, or"):
        configure(root)


# Cache


def test_who_may_only_read_the_cache_trains_and_a_full_one_is_named(
    photos: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_images(configure(photos))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as within:
        within.setattr(os, "utime", refuse)
        assert load_images(configure(photos)).train
    monkeypatch.setattr("mgu.data.image_files.cache.write_text", refuse)
    with pytest.raises(
        UserError, match=rf"must have a place, but {cache} cannot be written \(No space left.*MGU_CACHE"
    ):
        load_images(configure(photos, image_shape=[3, 6, 6]))


# Memory


def test_mapped_images_are_those_in_memory(photos: Path) -> None:
    config = configure(photos, folds=5, fold=1)
    mapped = parts_of(load_images(config.model_copy(update={"memory_gib": 0.0})))
    index = torch.tensor([2, 0, 1])
    for own, theirs in zip(parts_of(load_images(config)), mapped, strict=True):
        assert own.rows is None and theirs.rows is not None
        for some in (slice(None), slice(1, 3), index):
            for ours, other in zip(own.batch(some), theirs.batch(some), strict=True):
                assert torch.equal(ours, other)
        assert pixels_of(own.subset(index)) == pixels_of(theirs.subset(index))
        assert theirs.to(torch.device("cpu")) is theirs
        assert pixels_of(theirs.subset(torch.arange(len(theirs)))) == pixels_of(own)
    assert len({part.pixels.untyped_storage().data_ptr() for part in mapped}) == 1


# What is refused


def empty(root: Path) -> None:
    shutil.rmtree(root)
    root.mkdir()


def keep_one(root: Path) -> None:
    for name in CLASSES[1:]:
        shutil.rmtree(root / name)


def nest(root: Path) -> None:
    root.rename(root.parent / "tmp")
    root.mkdir()
    shutil.move(root.parent / "tmp", root / "photos")


def only_in_test(root: Path) -> None:
    for name in CLASSES:
        for file in sorted((root / name).glob("*_[0-4].png")):
            target = root / "test" / name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        (root / "train").mkdir(exist_ok=True)
        (root / name).rename(root / "train" / name)
    shutil.rmtree(root / "train" / "dog")


def extra_folder(root: Path) -> None:
    only_in_test(root)
    draw(root / "more" / "x.png", 0, 500)


@pytest.mark.parametrize(
    ("spoil", "changes", "message"),
    [
        (empty, {}, r"dataset.path must be a folder of <class>/<image> or .* holds no images. Correct the path"),
        (shutil.rmtree, {}, "photos does not exist. Correct the path"),
        (keep_one, {}, "two classes at least, but .*photos has 'cat' only. Add others"),
        (nest, {}, r"has 'photos' only. If the classes lie in there, pass dataset.path=.*photos/photos"),
        (lambda root: draw(root / "x.png", 0, 99), {}, r"folders of their classes, <class>/<image>, but .*x.png does"),
        (lambda root: (root / "none").mkdir(), {}, "every class must have images, but .*none has none. Put some there"),
        (only_in_test, {}, "every class must have images in train, but 'dog' has only 5 in test. Add some"),
        (extra_folder, {}, r"must have train, val and test only, but .* also has more. Move it elsewhere"),
        (lambda root: None, {"groups": "["}, r"a regular expression or a column, but \[ is none \(unterminated"),
        (lambda root: None, {"groups": "patient"}, "in the paths .* but patient finds none, as in cat/p-c00_0"),
        (lambda root: None, {"groups": "cat|dog|fish"}, "3 groups, to train, to validate, to test, but 'cat' has 1"),
        (lambda root: None, {"folds": 11}, "leave every class images in each fold, .* but 'cat' has 10 for 11 folds. "
         "Pass dataset.folds=10, or add images"),
        (lambda root: None, {"folds": 6, "groups": r"p-\w\d+"}, "but 'cat' has 5 for 6 folds. Pass dataset.folds=5"),
        (lambda root: None, {"columns": {"label": "x"}}, "dataset.columns.label must be left out for a folder"),
        (lambda root: shutil.copy(root / "cat/p-c00_0.png", root / "dog/x.png"), {}, "is a copy of .*. Mend or remove"),
    ],
)  # fmt: skip
def test_images_that_cannot_be_learned_from(
    spoil: Callable[[Path], object], changes: dict[str, Any], message: str, photos: Path
) -> None:
    spoil(photos)
    with pytest.raises(UserError, match=message) as caught:
        configure(photos, **changes)
    assert len(str(caught.value).splitlines()) == 1


def test_groups_on_both_sides_of_a_split_are_named(tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", parts=("train", "test"))
    with pytest.raises(
        UserError, match=r"one group must be in one split, but those of '0' are in test and train \(and 9 more: 1, 2, 3"
    ):
        configure(root, groups=r"_(\d+)")
    with pytest.raises(UserError, match=r"dataset.folds must be null for images that are split already, but got 5"):
        configure(root, folds=5)


@pytest.mark.parametrize(
    ("change", "changes", "message"),
    [
        (lambda text: text.replace("p-c00_0.png", "gone.png"), {}, "cat/gone.png is missing. Mend or"),
        (lambda text: text.replace("image,", "picture,"), {}, "the image, but .* dataset.columns.image=picture"),
        (lambda text: text, {"columns": {"label": "lable"}}, "be one column of .* got 'lable', .* Did you mean label"),
        (lambda text: text.replace("x", "file", 1), {}, "may be it: image, file. Pass dataset.columns.image=imag"),
        (lambda text: text + "cat/new.png,,c9,1", {}, "every row must have its label, but row 32 .* has none"),
        (lambda text: "", {}, "list.csv is empty. Name another file"),
        (lambda text: text.splitlines()[0], {}, "holds no images. Correct the path"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_learned_from(
    change: Callable[[str], str], changes: dict[str, Any], message: str, photos: Path
) -> None:
    table = save_table(photos, "image,label,patient,x")
    table.write_text(change(table.read_text()))
    with pytest.raises(UserError, match=message) as caught:
        configure(table, **changes)
    assert len(str(caught.value).splitlines()) == 1


# The command


@pytest.mark.slow
def test_a_user_trains_on_a_plain_folder_and_on_one_that_is_split(mgu_run: Command, tmp_path: Path) -> None:
    save_photos(tmp_path / "photos")
    save_photos(tmp_path / "parts", parts=("train", "test"))
    own = {"MGU_CACHE": str(tmp_path / "own")}
    small = ["dataset=images", "layout=digits_2", "training.epochs=2", "engine=eager", "energy.enabled=false"]
    small += ["layout.dropout=0"]
    done = mgu_run(*small, "dataset.path=photos", r"dataset.groups=p-\w\d+", **own)
    assert done.returncode == 0 and "15 groups of 2 images stay together" in done.stdout, done.stderr
    done = mgu_run(*small, "dataset.path=parts", "experiment_name=parts", **own)
    assert done.returncode == 0 and "split as it was already (train, test)" in done.stdout, done.stderr
    folds = ["dataset.path=photos", "dataset.folds=2", "dataset.fold=0,1", "experiment_name=folds"]
    assert mgu_run("-m", *small, *folds, **own).returncode == 0
    shown = mgu_run("report", "runs/folds")
    assert shown.returncode == 0 and "photos@" in shown.stdout and "2 folds" in shown.stdout, shown.stderr
    planned = mgu_run("plan", *small, *folds, **own)
    assert "2 done" in planned.stdout and "fold 1 of 2: 30 images are used" in planned.stdout, planned.stderr
    wrong = mgu_run(*small, "dataset.path=photos", "dataset.folds=3", "dataset.fold=3", **own)
    assert wrong.returncode == 2 and "dataset.fold must be below dataset.folds" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_folds_of_the_same_images_have_their_notes_told_once(tmp_path: Path, configure: Configure) -> None:
    words = (
        "dataset=images",
        f"dataset.path={save_cases(tmp_path / 'images')}",
        "layout=digits_2",
        "dataset.image_shape=[3,8,8]",
        r"dataset.groups=\w+_\d\d",
        "dataset.folds=3",
    )
    folds = [
        configure(*words, f"dataset.fold={fold}", norm) for fold in range(3) for norm in ("norm=ln", "norm=bn_pre")
    ]
    notes: list[str] = []
    check_environment(lambda note: notes.append(note.text), folds)
    assert len(notes) == len(set(notes)) and sum("stay together" in note for note in notes) == 1
    assert [sum(f"fold {fold} of 3" in note for note in notes) for fold in range(3)] == [1, 1, 1]


def test_the_shape_may_be_auto_and_a_wrong_one_is_told_before_the_images_are_looked_for(configure: Configure) -> None:
    words = ("dataset=images", "dataset.path=/nowhere", "layout=digits_2")
    with pytest.raises(UserError, match=r"^dataset.image_shape must be a valid list, or auto, but got 'foo'"):
        configure(*words, "dataset.image_shape=foo")
