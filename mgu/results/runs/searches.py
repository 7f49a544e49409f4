"""The searches of an experiment as files: in its folder, or in a pack (pack.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os.path import isdir  # unlike that of Path it is False below a folder that cannot be entered
from pathlib import Path

from mgu.results.on_disk.sealed import read_plain
from mgu.results.on_disk.search_files import (
    CONFIRMED_FILE,
    REPLAYED_FOLDER,
    SEARCH_FOLDER,
    STUDY_FILE,
    STUDY_HISTORY_FILE,
)

Files = Mapping[str, bytes]  # contents by name
FILES_OF_STUDY = (STUDY_FILE, STUDY_HISTORY_FILE, CONFIRMED_FILE)  # what reports read


@dataclass(frozen=True)
class SearchFolder:
    """Holds where the files of one study are, or those of all that were replayed.

    Attributes:
        path: The folder; of a packed one, where it would lie if the pack were a folder.
        packed: Its files, if it is packed.
    """

    path: Path
    packed: Files | None = field(default=None, compare=False, repr=False)

    @property
    def is_replayed(self) -> bool:
        """Whether its files are replayed studies, any number in each, and not those of one study."""
        return self.path.name == REPLAYED_FOLDER

    @property
    def names(self) -> list[str]:
        """The names of the files that reports read, sorted."""
        names = self.packed if self.packed is not None else [file.name for file in self.path.iterdir()]
        return sorted(name for name in names if is_read(self.path.name, name))

    def read(self, name: str) -> bytes:
        """Reads one of its files.

        Args:
            name: Name of the file.

        Returns:
            Its content.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It cannot be read; the message is a reason in a few words, to follow "is".
        """
        if self.packed is None:
            return read_plain(self.path / name, limit=None)
        if name not in self.packed:
            raise FileNotFoundError(self.path / name)
        return self.packed[name]


@dataclass(frozen=True)
class Searches:
    """Holds where the searches of one experiment are.

    Attributes:
        experiment: The experiment's folder; of a packed one, where it would lie if the pack were a folder.
        packed: If they are packed, the files of each folder by its name.
    """

    experiment: Path
    packed: Mapping[str, Files] | None = field(default=None, compare=False, repr=False)

    @property
    def folders(self) -> Iterator[SearchFolder]:
        """The studies by name, then those that were replayed."""
        above = self.experiment / SEARCH_FOLDER
        if self.packed is None:
            found = {file.parent.name for file in above.glob(f"*/{STUDY_FILE}")}
            names = sorted(found - {REPLAYED_FOLDER}) + [REPLAYED_FOLDER] * isdir(above / REPLAYED_FOLDER)
        else:
            found = {name for name, files in self.packed.items() if STUDY_FILE in files}
            names = sorted(found - {REPLAYED_FOLDER}) + [REPLAYED_FOLDER] * (REPLAYED_FOLDER in self.packed)
        return (SearchFolder(above / name, None if self.packed is None else self.packed[name]) for name in names)


def is_read(folder: str, name: str) -> bool:
    """Tells whether reports read a file.

    Args:
        folder: The name of its folder, among the searches of an experiment.
        name: Its own name.

    Returns:
        Whether it is a file of replayed studies, or one of the files of a study.
    """
    return name.endswith(".json") if folder == REPLAYED_FOLDER else name in FILES_OF_STUDY


def find_searches(folders: Iterable[Path]) -> list[Searches]:
    """Finds the experiments with searches.

    Args:
        folders: Experiments, or folders of experiments.

    Returns:
        Each of them once.
    """
    found: dict[Searches, None] = {}
    for folder in filter(isdir, dict.fromkeys(folder.resolve() for folder in folders)):
        below = sorted([*folder.glob(SEARCH_FOLDER), *folder.glob(f"*/{SEARCH_FOLDER}")])
        found |= {Searches(path.parent): None for path in below if isdir(path)}
    return list(found)
