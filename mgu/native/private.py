"""A folder for code that is loaded into the process: only its owner may have written what lies there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def make_private(folder: Path) -> None:
    """Creates `folder` for its owner alone, or closes it to others where it is the user's own.

    Args:
        folder: The folder, whose parents are created as the user's umask has it.

    Raises:
        PermissionError: The folder is a link, or belongs to another user.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user or is a link. Set MGU_CACHE to a folder of your own")
    if status.st_mode & WRITABLE_BY_OTHERS:
        folder.chmod(0o700)


def is_private(file: Path) -> bool:
    """Tells whether nobody but the user can have written `file`.

    Args:
        file: A file in a folder that make_private made.

    Returns:
        False for a link, a file of another user, and one that others may write.
    """
    status = file.lstat()
    is_own = stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid()
    return is_own and not status.st_mode & WRITABLE_BY_OTHERS
