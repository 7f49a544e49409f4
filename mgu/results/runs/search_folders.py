"""The folders of several searches, of which packs may hold copies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mgu.errors import UserError
from mgu.results.on_disk.search_files import STUDY_HISTORY_FILE
from mgu.results.runs.files_in_pack import files_in_pack
from mgu.results.runs.searches import Files, Searches, SearchFolder


def search_folders(searches: Iterable[Searches]) -> Iterator[SearchFolder]:
    """Yields the folders of several searches, without packed ones that are copies of others.

    Args:
        searches: Where the searches are.

    Yields:
        Each folder: first those on disk, then packed ones. Two with one name may be of two machines.
    """
    known: dict[str, list[SearchFolder]] = {}
    for source in sorted(searches, key=lambda source: source.packed is not None):  # stable
        for folder in source.folders:
            alike = known.setdefault(folder.path.name, [])
            if folder.packed is None:
                yield folder
            elif folder.is_replayed:
                copies = {item for other in alike for item in _files(other).items()}
                yield replace(folder, packed=dict(folder.packed.items() - copies))
            elif not any(_has_all_of(other, folder.packed) for other in alike):
                yield folder
            alike.append(folder)


def _has_all_of(folder: SearchFolder, packed: Files) -> bool:
    """Tells whether a study is the packed one, in the same state or a later one."""
    return _files(folder).get(STUDY_HISTORY_FILE, b"").startswith(packed.get(STUDY_HISTORY_FILE, b""))


def _files(folder: SearchFolder) -> Files:
    try:
        return files_in_pack(folder)
    except UserError:  # whoever reads it says so
        return {}
