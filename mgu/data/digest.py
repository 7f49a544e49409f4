"""Checksums of files: runs on a user's own data are identified by content, not by location."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def digest_file(path: Path) -> str:
    """Returns the SHA-256 in hexadecimal; reads a file again only after it has changed. Raises OSError."""
    status = path.stat()
    return _digest(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=100_000)  # every run of a sweep asks for it
def _digest(path: str, mtime_ns: int, size: int) -> str:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
