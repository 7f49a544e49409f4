"""Checksums of files: runs on a user's own data are identified by content, not by location."""

from __future__ import annotations

import errno
import hashlib
import stat
from functools import lru_cache
from pathlib import Path


def digest_file(path: Path) -> str:
    """Returns the SHA-256 in hexadecimal; reads a file again only after it has changed.

    Raises OSError where there is none, and for a pipe or a device, which may never end.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return _digest(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=100_000)  # every run of a sweep is resolved
def _digest(path: str, mtime_ns: int, size: int) -> str:
    """Reads the file; the other arguments distinguish its versions."""
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
