"""The folders that a command makes to train in; a refused command leaves none behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from os.path import exists  # unlike that of Path it is False below a folder that cannot be entered
from pathlib import Path

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.on_disk.files import make_folder
from mgu.results.on_disk.folder import find_done


def make_folder_for(folder: Path, configs: Iterable[RunConfig]) -> bool:
    """Creates a folder to train runs in, unless all of them are done: to say that, nothing need be written.

    Args:
        folder: The folder.
        configs: All runs that are to be trained there.

    Returns:
        Whether it can be written.

    Raises:
        UserError: It cannot be written, and a run is to be trained.
    """
    try:
        make_folder(folder)
    except UserError:
        if any(config.force or find_done(config) is None for config in configs):
            raise
        return False
    return True


@contextmanager
def removing_new_folders(folders: Iterable[Path]) -> Iterator[None]:
    """Removes the folders that the block has made, if it raises and they are empty.

    Args:
        folders: Folders that the block may make, with their parents.

    Yields:
        None.
    """
    new = {each for folder in folders for each in (folder, *folder.parents) if not exists(each)}
    try:
        yield
    except BaseException:
        for folder in sorted(new, key=lambda each: len(each.parts), reverse=True):
            with suppress(OSError):  # it is not empty, or was not made
                folder.rmdir()
        raise
