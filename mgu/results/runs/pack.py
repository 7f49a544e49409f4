"""Packs: one compressed file with what reports read of many runs, without weights, small enough to be committed.

A pack is a tar archive of run folders, compressed by xz with a SHA-256: results of one experiment are almost the same
text, so that one stream takes a small part of what single files do. `tar xf runs.tar.xz` gives the folders back. The
archive is never unpacked to disk here, and equal runs make equal bytes.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from mgu.results.on_disk.file_names import CORRECT_FILE, EXPLAIN_FILE, HISTORY_FILE, RESULT_FILE
from mgu.results.on_disk.files import replacing
from mgu.results.on_disk.sealed import LIMIT, read_plain

PACKED_FILES = (RESULT_FILE, HISTORY_FILE, CORRECT_FILE, EXPLAIN_FILE)  # what reports read
LARGEST = 4 * LIMIT  # bytes of all files together, decompressed
MEMORY = 2**28  # bytes that decompression may take for itself

Files = Mapping[str, bytes]


def read_pack(path: Path) -> dict[str, Files]:
    """Reads a pack.

    Args:
        path: The archive.

    Returns:
        For each run, by <experiment>/<name>-<identity>, the content of its files by name, in the order of the archive.

    Raises:
        ValueError: It is torn, changed or no pack; the message is a reason in a few words.
    """
    try:
        stream = _Bounded(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY), read_plain(path))
        return _read_runs(cast("IO[bytes]", stream))
    except FileNotFoundError as error:
        raise ValueError(error.strerror) from None
    except (lzma.LZMAError, tarfile.TarError, EOFError, UnicodeError) as error:
        raise ValueError(f"not a whole pack of results: {error}") from None


def write_pack(path: Path, runs: Mapping[str, Files]) -> int:
    """Writes a pack atomically.

    Args:
        path: The archive.
        runs: For each run, by <experiment>/<name>-<identity>, the content of its files by name.

    Returns:
        The size of the archive in bytes.
    """
    with replacing(path) as temporary:
        with (
            lzma.open(temporary, "wb", check=lzma.CHECK_SHA256, preset=9 | lzma.PRESET_EXTREME) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            # All results come first, then all histories, and so on: what is alike stands together.
            for name in PACKED_FILES:
                for run, files in runs.items():
                    if name in files:
                        _add(archive, f"{run}/{name}", files[name])
        size = temporary.stat().st_size
    return size


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)  # without owner and time, so that equal runs make equal bytes
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _read_runs(stream: IO[bytes]) -> dict[str, Files]:
    runs: dict[str, dict[str, bytes]] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            run, _, name = entry.name.rpartition("/")
            if not entry.isreg() or entry.issparse() or name not in PACKED_FILES or not _is_run(run):
                continue
            content = archive.extractfile(entry)
            assert content  # of a regular file
            runs.setdefault(run, {})[name] = content.read()
    stream.read()  # to its end, for xz checks the sum there
    return dict(runs)


def _is_run(path: str) -> bool:
    """Tells whether a path in an archive is <experiment>/<folder>; it may be anybody's."""
    parts = path.split("/")
    return len(parts) == 2 and not {"", ".", ".."} & set(parts)


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
