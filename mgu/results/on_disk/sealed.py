"""Reading what may be damaged or foreign: plain files, JSON sealed by its own checksum, files known by a checksum.

The last member of a sealed JSON text is the SHA-256 of the text without it. So the file and its checksum are written in
one step, a change of any byte is noticed, and people can still read the file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

LIMIT = 2**28  # bytes; the confusion matrices of a thousand classes take half of it
_SEAL = re.compile(rb',\n  "sha256": "([0-9a-f]{64})"\n}\n\Z')
_END = b"\n}\n"


class Changed(ValueError):  # noqa: N818 - it is what happened to the file
    """Says that a file is not what its run wrote."""

    def __init__(self) -> None:
        super().__init__("was changed after it was written")


def read_plain(path: Path, limit: int | None = LIMIT) -> bytes:
    """Reads a file that may be anything: a pipe would never end, and a huge one would not fit into memory.

    Args:
        path: The file.
        limit: Largest number of bytes; None for any number.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read; the message is a reason in a few words, to follow "is".
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("no plain file")
        if limit is not None and status.st_size > limit:
            raise ValueError(f"too large ({status.st_size:,} bytes; at most {limit:,} are read)")
        with open(path, "rb", buffering=0) as file:  # a report reads thousands; Path.read_bytes makes a buffer for each
            return file.readall()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"not readable ({error.strerror or error})") from None


def to_sealed_json(record: msgspec.Struct) -> bytes:
    """Encodes a record as indented JSON that ends with its checksum.

    Args:
        record: The record.

    Returns:
        The text in UTF-8.
    """
    return seal(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def seal(text: bytes) -> bytes:
    r"""Appends the checksum of a JSON object to it as its last member.

    Args:
        text: The object, indented, ending with "\n}\n".

    Returns:
        The sealed text.

    Raises:
        ValueError: It does not end so.
    """
    if not text.endswith(_END):
        raise ValueError("only an indented JSON object can be sealed")
    return text.removesuffix(_END) + f',\n  "sha256": "{hashlib.sha256(text).hexdigest()}"\n}}\n'.encode()


def unseal(content: bytes) -> tuple[bytes, bool]:
    """Takes the checksum off a sealed text.

    Args:
        content: A sealed text, or one without a checksum, as earlier versions wrote.

    Returns:
        The text as it was before `seal`, and whether it had a checksum.

    Raises:
        Changed: It has a checksum, which is not its own.
    """
    seal = _SEAL.search(content)
    if not seal:
        if b'"sha256": "' in content[-90:]:  # a seal that was damaged itself
            raise Changed
        return content, False
    text = content[: seal.start()] + _END
    if hashlib.sha256(text).hexdigest().encode() != seal[1]:
        raise Changed
    return text, True


def digest_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Computes the checksums by which `read_known` knows files again.

    Args:
        folder: Their folder.
        names: Names of files, of which some may be missing.

    Returns:
        The SHA-256 in hexadecimal of each file that is there, by its name.
    """
    digests = {}
    for name in names:
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def read_known(path: Path, digests: Mapping[str, str], packed: Mapping[str, bytes] | None = None) -> bytes:
    """Reads a file whose checksum is kept elsewhere.

    Args:
        path: The file.
        digests: SHA-256 by the name of the file; results of earlier versions have none, and their files are taken as
            they are.
        packed: The contents of a packed run's files by name, which are read in place of those on disk.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read, or is not what was written (`Changed`).
    """
    if packed is not None and path.name not in packed:
        raise FileNotFoundError(path)
    content = read_plain(path, limit=None) if packed is None else packed[path.name]
    known = digests.get(path.name)
    if known is not None and hashlib.sha256(content).hexdigest() != known:
        raise Changed
    return content
