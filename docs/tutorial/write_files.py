"""Writes the files that docs/tutorial.md begins with: python docs/tutorial/write_files.py FOLDER.

Photographs, digits and the table are real and come with scikit-learn; the purchases are made up: half of the customers
buy even items, the other half odd ones.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images

TILE = 32  # pixels


def main() -> None:
    """Writes the four kinds of files."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    write_photos(folder / "photos")
    write_split_digits(folder / "digits")
    load_breast_cancer(as_frame=True).frame.to_csv(folder / "tumours.csv", index=False)
    write_purchases(folder / "bought.csv")
    write_new(folder)


def write_photos(folder: Path) -> None:
    """Cuts two photographs into tiles: photos/<picture>/<picture>-row<R>-<C>.jpg."""
    photographs = load_sample_images()
    for name, pixels in zip(photographs.filenames, photographs.images, strict=True):
        picture = Path(name).stem
        (folder / picture).mkdir(parents=True)
        for row in range(pixels.shape[0] // TILE):
            for column in range(pixels.shape[1] // TILE):
                tile = pixels[row * TILE :, column * TILE :][:TILE, :TILE]
                Image.fromarray(tile).save(folder / picture / f"{picture}-row{row:02}-{column:02}.jpg")


def write_split_digits(folder: Path) -> None:
    """Writes digits 0 to 4 as pictures into digits/<train|val|test>/<class>/."""
    digits = load_digits(n_class=5)
    for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        part = "test" if number % 5 == 0 else "val" if number % 5 == 1 else "train"
        place = folder / part / f"digit{label}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 15).astype(np.uint8)).save(place / f"{number:04}.png")


def write_purchases(file: Path) -> None:
    """Writes purchases of 100 customers among 60 items in the course of two years."""
    random = np.random.default_rng(0)
    rows = []
    for customer in range(100):
        likes = np.arange(customer % 2, 60, 2)
        items = {*random.choice(likes, 12, replace=False), *random.choice(60, 2, replace=False)}
        days = random.choice(730, len(items), replace=False)
        rows += [(f"c{customer:03}", f"item{item:02}", day) for item, day in zip(sorted(items), days, strict=True)]
    frame = pd.DataFrame(rows, columns=["customer_id", "item", "date"])
    frame["date"] = (pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["date"], unit="D")).dt.strftime("%Y-%m-%d")
    frame.to_csv(file, index=False)


def write_new(folder: Path) -> None:
    """Writes what is to be predicted: some of the tiles, rows without their target, and pairs."""
    (folder / "new").mkdir()
    for picture, row in (("china", 0), ("china", 7), ("flower", 3)):
        name = f"{picture}-row{row:02}-05.jpg"
        shutil.copyfile(folder / "photos" / picture / name, folder / "new" / name)
    rows = pd.read_csv(folder / "tumours.csv").drop(columns="target")
    rows.iloc[[0, 100, 200, 300]].to_csv(folder / "patients.csv", index=False)
    offers = [(customer, item) for customer in ("c000", "c001") for item in ("item02", "item03")]
    pd.DataFrame(offers, columns=["customer_id", "item"]).to_csv(folder / "offers.csv", index=False)


if __name__ == "__main__":
    main()
