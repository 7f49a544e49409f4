"""Which bytes a file has: runs on a user's own data are known by them, not by where they lie."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def digest_file(path: Path) -> str:
    """SHA-256 in hexadecimal, read again only once the file has changed. Raises OSError where it cannot be read."""
    status = path.stat()
    return _digest(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=100_000)  # every run of a sweep asks for it
def _digest(path: str, mtime_ns: int, size: int) -> str:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
