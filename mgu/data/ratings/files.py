"""The files of MovieLens-100K: their location, download and checksum. Imports no torch."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import zipfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from mgu.data.digest import digest_file
from mgu.errors import UserError

log = logging.getLogger(__name__)

FILES = ("u.data", "u.item", "u.user")
URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
MD5 = "0e33842e24a9c977be4e0107933c0723"  # as GroupLens publishes it beside the file
TERMS = (
    "GroupLens lets MovieLens-100K be used for research, with acknowledgement; it may be neither redistributed nor "
    "used commercially without permission (grouplens.org/datasets/movielens/100k)."
)


def resolve(dataset: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of conf/dataset/movielens.yaml with `sha256`; downloads the files if `download` is true.

    Raises UserError where the files cannot be had; the schema checks the values of other keys.
    """
    if dataset.get("sha256") or not isinstance(dataset.get("root"), str):
        return dataset
    folder = find(Path(os.path.expanduser(dataset["root"])), dataset.get("download") is True)
    return dataset | {"sha256": digest(folder)}


def find(root: Path, download: bool) -> Path:
    """Returns `root`/ml-100k; `download` fetches missing files, and says that the user has read the terms.

    Raises UserError where files are missing and cannot be downloaded.
    """
    folder = root / "ml-100k"
    if not all((folder / name).is_file() for name in FILES):
        if not download:
            raise UserError(
                f"dataset movielens must be in {folder}, but {', '.join(FILES)} are not there. {TERMS} Pass "
                "dataset.download=true if that is fine with you, or dataset.root=... where you have it."
            )
        _download(folder)
    return folder


def digest(folder: Path) -> str:
    """Returns a SHA-256 over the checksums of all files. Raises UserError where one cannot be read."""
    try:
        return hashlib.sha256("".join(digest_file(folder / name) for name in FILES).encode()).hexdigest()
    except OSError as error:
        raise UserError(
            f"dataset movielens must be readable, but {error.filename} is not ({error.strerror}). Correct that."
        ) from None


def _download(folder: Path) -> None:
    """Downloads and unpacks the files after a look at their checksum. Raises UserError."""
    log.info("downloading %s; %s", URL, TERMS)
    try:
        with urlopen(URL, timeout=60) as response:
            content = response.read()
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != MD5:
            raise OSError("its checksum is not the published one")
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in FILES:
                (folder / name).write_bytes(archive.read(f"ml-100k/{name}"))
    except OSError as error:  # urllib's errors are OSErrors
        raise UserError(
            f"dataset movielens must be in {folder}, but is not there, and its download failed ({error}). "
            f"Unpack {URL} into {folder.parent}, or pass dataset.root=... or set MGU_DATA."
        ) from None
