"""What a refused command leaves behind: nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def removing_new_folders(folders: Iterable[Path]) -> Iterator[None]:
    """Removes the folders that the block has made, if it raises and they are empty.

    Args:
        folders: Folders that the block may make, with their parents.

    Yields:
        None.
    """
    new = {each for folder in folders for each in (folder, *folder.parents) if not each.exists()}
    try:
        yield
    except BaseException:
        for folder in sorted(new, key=lambda each: len(each.parts), reverse=True):
            with suppress(OSError):  # it is not empty, or was not made
                folder.rmdir()
        raise
