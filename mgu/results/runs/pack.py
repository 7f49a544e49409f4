"""Packs: one compressed file with what reports read of many runs, without weights, small enough to be committed.

A pack is a tar archive of run folders, and of the searches of their experiments, compressed by xz with a SHA-256:
results of one experiment are almost the same text, so that one stream takes a small part of what single files do.
`tar xf runs.tar.xz` gives the folders back. The archive is never unpacked to disk here, and equal runs make equal
bytes. Earlier versions, whose packs have no searches, read the runs of these.
"""

from __future__ import annotations

import io
import lzma
import re
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple, cast

from mgu.errors import UserError
from mgu.results.on_disk.file_names import CORRECT_FILE, EXPLAIN_FILE, HISTORY_FILE, RESULT_FILE
from mgu.results.on_disk.files import replacing
from mgu.results.on_disk.sealed import LIMIT, read_plain
from mgu.results.on_disk.search_files import SEARCH_FOLDER
from mgu.results.runs.searches import FILES_OF_STUDY, Files, is_read

PACKED_FILES = (RESULT_FILE, HISTORY_FILE, CORRECT_FILE, EXPLAIN_FILE)  # what reports read
LARGEST = 4 * LIMIT  # bytes of all files together, decompressed
MEMORY = 2**28  # bytes that decompression may take for itself
LEVELS_OF_RUN = 3  # of the path of a file in the archive
NO_NAMES = {"", ".", ".."}


class Pack(NamedTuple):
    """Holds what is in a pack, in the order of the archive.

    Attributes:
        runs: The files of each run, by <experiment>/<name>-<identity>.
        searches: By experiment the files of each folder of its searches, by the name of the folder.
    """

    runs: Mapping[str, Files]
    searches: Mapping[str, Mapping[str, Files]]


def read_pack(path: Path) -> Pack:
    """Reads a pack.

    Args:
        path: The archive.

    Returns:
        What it holds.

    Raises:
        ValueError: It is torn, changed or no pack; the message is a reason in a few words.
    """
    try:
        stream = _Bounded(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY), read_plain(path))
        return _read(cast("IO[bytes]", stream))
    except FileNotFoundError as error:
        raise ValueError(error.strerror) from None
    except (lzma.LZMAError, tarfile.TarError, EOFError, UnicodeError) as error:
        raise ValueError(f"not a whole pack of results: {error}") from None


def write_pack(path: Path, pack: Pack) -> int:
    """Writes a pack atomically.

    Args:
        path: The archive.
        pack: What it is to hold.

    Returns:
        The size of the archive in bytes.

    Raises:
        UserError: It would be too large to be read.
    """
    _check_size(pack)
    with replacing(path) as temporary:
        with (
            lzma.open(temporary, "wb", check=lzma.CHECK_SHA256, preset=9 | lzma.PRESET_EXTREME) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            # All results come first, then all histories, and so on: what is alike stands together.
            for name in PACKED_FILES:
                for run, files in pack.runs.items():
                    if name in files:
                        _add(archive, f"{run}/{name}", files[name])
            _add_searches(archive, pack.searches)
        size = temporary.stat().st_size
    return size


def _check_size(pack: Pack) -> None:
    folders = [*pack.runs.values(), *(files for by_name in pack.searches.values() for files in by_name.values())]
    # Each file begins a new block, behind a block or more of its own.
    size = sum(len(content) + 4 * tarfile.BLOCKSIZE for files in folders for content in files.values())
    if size > LARGEST:
        raise UserError(
            f"a pack must hold at most {LARGEST:,} bytes, but these files have {size:,}. Pack some of them to another "
            "folder."
        )


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)  # without owner and time, so that equal runs make equal bytes
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _add_searches(archive: tarfile.TarFile, searches: Mapping[str, Mapping[str, Files]]) -> None:
    """Adds the files of searches, those that are alike beside one another."""
    paths = {
        f"{experiment}/{SEARCH_FOLDER}/{folder}/{name}": content
        for experiment, folders in searches.items()
        for folder, files in folders.items()
        for name, content in files.items()
    }
    order = {name: number for number, name in enumerate(FILES_OF_STUDY)}
    for path in sorted(paths, key=lambda path: (order.get(path.rpartition("/")[2], len(order)), path.split("/"))):
        _add(archive, path, paths[path])


def name_in_pack(name: str) -> str:
    """Returns the name by which a pack holds an experiment or a run.

    Args:
        name: Its own name, with any characters.

    Returns:
        A name that is legal for a folder everywhere, and visible.
    """
    return re.sub(r"[^\w.+-]+", "_", name).lstrip(".") or "_"


def _read(stream: IO[bytes]) -> Pack:
    runs: dict[str, dict[str, bytes]] = {}
    searches: dict[str, dict[str, dict[str, bytes]]] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            parts = entry.name.split("/")
            if not entry.isreg() or entry.issparse() or not (_is_of_run(parts) or _is_of_search(parts)):
                continue
            content = archive.extractfile(entry)
            assert content  # of a regular file
            if len(parts) == LEVELS_OF_RUN:
                files = runs.setdefault("/".join(parts[:-1]), {})
            else:
                files = searches.setdefault(parts[0], {}).setdefault(parts[2], {})
            files[parts[-1]] = content.read()
    stream.read()  # to its end, for xz checks the sum there
    return Pack(runs, searches)


def _is_of_run(parts: Sequence[str]) -> bool:
    """Tells whether a path in an archive is <experiment>/<run>/<file>; it may be anybody's."""
    return len(parts) == LEVELS_OF_RUN and not NO_NAMES & set(parts) and parts[-1] in PACKED_FILES


def _is_of_search(parts: Sequence[str]) -> bool:
    """Tells whether it is <experiment>/search/<folder>/<file>, of which messages may speak."""
    if len(parts) != LEVELS_OF_RUN + 1 or parts[1] != SEARCH_FOLDER or NO_NAMES & set(parts):
        return False
    return is_read(*parts[2:]) and all(part.isprintable() for part in parts)


class _Bounded(io.RawIOBase):
    """Decompresses no more than LARGEST bytes: a small file can stand for endless ones."""

    def __init__(self, decompressor: lzma.LZMADecompressor, content: bytes) -> None:
        self._decompressor, self._left, self._rest = decompressor, LARGEST, content

    def readable(self) -> bool:
        """Returns True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Returns that many bytes, fewer at the end, or all that are left.

        Raises:
            EOFError: The file ends too early.
            lzma.LZMAError: It stands for more than LARGEST bytes.
        """
        parts, wanted = [], size
        while not self._decompressor.eof and wanted != 0:
            part = self._decompressor.decompress(self._rest, max_length=wanted if wanted > 0 else LARGEST)
            self._rest = b""
            if not part and self._decompressor.needs_input:
                raise EOFError("it ends too early")
            parts.append(part)
            self._left -= len(part)
            wanted -= len(part) if size > 0 else 0
            if self._left < 0:
                raise lzma.LZMAError(f"it holds more than {LARGEST:,} bytes")
        return b"".join(parts)
