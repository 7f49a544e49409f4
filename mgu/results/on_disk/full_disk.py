"""What the system says where no more can be written: the disk, a quota or a limit is full, and it names no file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "files may not become that large (ulimit -f)",
}


def lacked_room(error: str | None) -> bool:
    """Tells whether what failed failed because there was no room to write, which is no fault of its own.

    Args:
        error: The error of its result.

    Returns:
        Whether the error has the system's words for that.
    """
    return any(os.strerror(number) in (error or "") for number in CAUSES)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Names a file in the error of the system that it has no room for it.

    Args:
        path: The file that the block writes.

    Yields:
        None.

    Raises:
        OSError: The block raised it; of a full disk, with the name of the file.
    """
    try:
        yield
    except OSError as error:
        if error.errno in CAUSES and error.filename is None:
            error.filename = str(path)
        raise
