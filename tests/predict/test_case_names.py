"""The case of an image follows from its folders, as in training; where that is a guess, it is said."""

from __future__ import annotations

from pathlib import Path

from mgu.predict.image_files import find_images

CLASSES = ("n", "p")


def save(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_folders_of_classes_are_no_cases(tmp_path: Path) -> None:
    root = save(tmp_path / "cases", "n/n0/1.png", "n/n0/visit1/2.png", "n/n1/1.png", "p/p0/1.png")
    found = find_images([root], CLASSES)
    assert [image.case for image in found.images] == ["n0", "n0", "n1", "p0"]
    assert found.notes == [f"{root}: n, p are classes of the run, so the folders below are the cases, 3 in all"]
    of_one_class = find_images([root / "p"], CLASSES)
    assert [image.case for image in of_one_class.images] == ["p0"] and not of_one_class.notes


def test_cases_of_two_classes_with_one_name_are_two(tmp_path: Path) -> None:
    root = save(tmp_path / "cases", "n/1/a.png", "p/1/a.png", "p/2/a.png")
    assert [image.case for image in find_images([root], CLASSES).images] == ["n/1", "p/1", "2"]


def test_other_folders_are_cases(tmp_path: Path) -> None:
    root = save(tmp_path / "new", "n/1.png", "x/visit/1.png")
    assert [image.case for image in find_images([root], CLASSES).images] == ["n", "x"]
    assert not find_images([root], CLASSES).notes


def test_images_of_one_folder_are_said_to_be_one_case(tmp_path: Path) -> None:
    root = save(tmp_path / "flat", "a.png", "b.png")
    for given in ([root], [root / "a.png", root / "b.png"]):
        found = find_images(given, CLASSES)
        assert {image.case for image in found.images} == {"flat"}
        assert found.notes == ["images directly in one folder count as one case: 'flat' (2 images)"]
    by_class = save(tmp_path / "plain", "n/a.png", "n/b.png", "p/a.png")
    assert find_images([by_class], CLASSES).notes == ["images directly in one folder count as one case: 'n' (2 images)"]
