"""What is found in a folder or CSV of cases, at any depth, and that everything that is left out is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mgu.config.cases import CasesConfig
from mgu.data.cases import cases
from mgu.data.cases.cases import load_cases
from mgu.data.cases.files import resolve
from mgu.data.cases.listing import find_files
from mgu.data.splits import Splits
from mgu.errors import UserError

LETTERS = r"^[^\W\d_]+"
VALUES = {
    "name": "cases", "stages": None, "stage_pattern": LETTERS, "image_shape": [1, 12, 12], "fit": "crop",
    "broken": "refuse", "class_weights": "none", "test_share": 0.2, "val_share": 0.1, "memory_gib": 4.0,
    "cache_gib": 50.0, "split": "holdout",
}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "cache_dir", lambda what: tmp_path / "cache" / what)


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (12, 12)).astype(np.uint8))


def save(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        noise(sum(ord(mark) * 31**place % 2**31 for place, mark in enumerate(name))).save(root / name)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of three cases, two images each."""
    names = [f"{label}/{label}{case}/{image}.png" for label in "ab" for case in range(3) for image in ("acid", "green")]
    return save(tmp_path / "data", *names)


def load(path: Path, **changes: object) -> Splits:
    return load_cases(CasesConfig.model_validate(resolve(VALUES | changes | {"path": str(path)})))


def test_images_at_any_depth_belong_to_their_case(tmp_path: Path) -> None:
    """18 cases, of which 6 keep their images in folders of visits: 12 were used, without a word."""
    flat = [f"{label}/{label}{case}/1.png" for label in "abc" for case in range(4)]
    deep = [f"{label}/{label}{case}/visit{n}/left/1.png" for label in "abc" for case in (4, 5) for n in (1, 2)]
    notes = load(save(tmp_path / "data", *flat, *deep)).notes
    assert notes == (
        "24 images of 18 cases are used of 24 images of 18 cases found: train 16 (12), val 4 (3), test 4 (3)",
        "images (cases) by class: " + notes[1].partition(": ")[2],
    )
    assert notes[1].count("train") == 3 and "; c train" in notes[1]


def test_what_is_left_out_is_counted_and_named(root: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "a/a0/report.PDF", "a/a1/scan.dcm", "a/a1/NOTES", "b/b0/._acid.png"):
        (root / name).write_bytes(b"x")
    save(root, "a/a0/@eaDir/thumb.png", "__MACOSX/a/a0/x.png", "a/a0/UPPER.PNG")
    (root / "b" / "b9").mkdir()
    (root / "b" / "b1" / "again").symlink_to(root / "b")
    found = find_files(str(root), None, LETTERS)
    assert len(found.files) == found.num_images == 13 and found.num_groups == 7
    assert found.left_out == {
        "hidden or left by a system": [".DS_Store", "Thumbs.db", "__MACOSX", "a/a0/@eaDir", "b/b0/._acid.png"],
        "ending in .pdf": ["a/a0/report.PDF"],
        "without a suffix": ["a/a1/NOTES"],
        "ending in .dcm": ["a/a1/scan.dcm"],
        "links to a folder that holds them": ["b/b1/again"],
        "case folders without images": ["b/b9"],
    }
    told = "left out: 5 hidden or left by a system (.DS_Store, Thumbs.db, __MACOSX, ...); 1 ending in .pdf"
    assert load(root).notes[-1].startswith(told)


def test_links_in_a_circle_end(root: Path) -> None:
    (root / "a" / "a0" / "one").symlink_to(root / "b" / "b0")
    (root / "b" / "b0" / "two").symlink_to(root / "a" / "a0")
    found = find_files(str(root), None, LETTERS)
    assert len(found.left_out["links to a folder that holds them"]) >= 1
    with pytest.raises(UserError, match="is a copy of"):
        load(root)


def test_cases_and_classes_that_the_stages_lose_are_named(root: Path) -> None:
    save(root, "a/a3/green.png", "c/c0/green.png", "a/a0/0815.png")
    notes = load(root, stages=["acid"]).notes
    assert notes[0].startswith("6 images of 6 cases are used of 15 images of 8 cases found")
    assert notes[-1] == (
        "left out: 1 images in whose name dataset.stage_pattern finds no stage (a/a0/0815.png); 8 images of other "
        "stages (a/a0/green.png, a/a1/green.png, a/a2/green.png, ...); 2 cases without images of these stages "
        "(a3, c0); 1 classes without images of these stages (c)"
    )


@pytest.mark.parametrize(("change", "message"), [
    (lambda text: text.replace("other;of;it", " Label", 1), "must have one column 'label', but has 2. Rename"),
    (lambda text: text.replace('"b1"', '"b1', 1), "cannot be read as one"),
    (lambda text: text.replace('"note; all"', "note, all", 1), "every row must have 4 fields, .* row 2 of .* has 5"),
    (lambda text: text.replace("a/a0/acid.png", "~nobody_of_this_name/x.png", 1), "~nobody_of_this_name/x.png is miss"),
    (lambda text: text.replace("a/a0/acid.png", "a/a0", 1), "a/a0 is no file. Mend or remove"),
    (lambda text: text.replace("a/a0/acid.png", "a/\0.png", 1), r"a/\\x00.png is missing"),
    (lambda text: text.replace("a/a0/acid.png", "pipe.png", 1), "pipe.png is no file"),
])  # fmt: skip
def test_a_csv_that_would_be_misread_is_refused(change: Callable[[str], str], message: str, root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    table = save_table(root)
    table.write_text(change(table.read_text()))
    with pytest.raises(UserError, match=message) as caught:
        load(table)
    assert len(str(caught.value).splitlines()) == 1


def save_table(root: Path) -> Path:
    """A column's name and a field hold semicolons, and fields stand between quotes."""
    rows = [f'"{f.parts[-2]}",{f.relative_to(root)},{f.parts[-3]},"note; all"' for f in sorted(root.glob("*/*/*"))]
    (root / "t.csv").write_bytes(('\ufeffcase,image,label,"other;of;it"\r\n' + "\r\n".join(rows)).encode())
    return root / "t.csv"


def test_a_semicolon_between_quotes_is_no_separator(root: Path) -> None:
    found = find_files(str(save_table(root)), None, LETTERS)
    assert [file.group for file in found.files] == [
        f"{label}{case}" for label in "ab" for case in range(3) for _ in "12"
    ]
    assert all(file.path.is_file() for file in found.files)


@pytest.mark.parametrize(("name", "message"), [
    (b"a/\xff\xfe/1.png", r"text in UTF-8 without control characters, but one is \\udcff\\udcfe. Rename"),
    (b"a/a\x1b[2J/1.png", r"but one is a\\x1b\[2J. Rename"),
    (b"a/lonely\n.png", r"a/lonely\\n.png does not. Give each a folder of its case"),
])  # fmt: skip
def test_names_that_cannot_be_printed_are_escaped(name: bytes, message: str, root: Path) -> None:
    path = os.path.join(os.fsencode(root), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        noise(5).save(file, "png")
    with pytest.raises(UserError, match=message):
        load(root)


def test_unprintable_names_of_images_are_used_and_escaped(root: Path) -> None:
    for name, seed in ((b"\xff.png", 7), (b"line\nfeed.png", 8), ("größe.png".encode(), 9)):
        with open(os.path.join(os.fsencode(root / "a" / "a0"), name), "wb") as file:
            noise(seed).save(file, "png")
    found = find_files(str(root), None, LETTERS)
    assert {r"a/a0/\udcff.png", r"a/a0/line\nfeed.png", "a/a0/größe.png"} <= {file.name for file in found.files}
    assert load(root).notes[0].startswith("15 images of 6 cases are used of 15")


@pytest.mark.parametrize("path", ["/dev/null", "~nobody_of_this_name/x", "x" * 300, "a\0b"])
def test_a_path_of_nothing_is_refused(path: str) -> None:
    with pytest.raises(UserError, match=r"dataset.path must be a folder of"):
        resolve(VALUES | {"path": path})


def test_a_size_that_fits_is_offered_and_works(root: Path) -> None:
    with pytest.raises(
        UserError, match=r"12x12 pixels, too few for 64x64: .* at least 16 .*pass dataset.image_shape=\[1,12,12\]"
    ):
        load(root, image_shape=[3, 64, 64])
