"""Adds finished runs and the searches of their experiments to a pack; what the pack already holds stays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from mgu.errors import UserError
from mgu.results.on_disk.file_names import EXPLAIN_FILE, PACK_FILE, RESULT_FILE
from mgu.results.on_disk.files import locking, make_folder
from mgu.results.on_disk.result_file import decode_result
from mgu.results.on_disk.sealed import read_plain, seal, unseal
from mgu.results.runs.load import Run
from mgu.results.runs.own_paths import identity_paths, without_own_paths
from mgu.results.runs.pack import PACKED_FILES, Pack, name_in_pack, read_pack, write_pack
from mgu.results.runs.pack_searches import add_searches, count_searches
from mgu.results.runs.searches import Files, Searches
from mgu.results.schema.replicate import Replicate, without_replicate

MOST_NAMED = 3  # runs, or paths, that one message lists


class Packed(NamedTuple):
    """Holds what became of a pack.

    Attributes:
        path: The archive.
        size: Its bytes.
        total: Runs that it holds now.
        added: Runs of these that it did not hold before.
        replaced: Runs of these of which it held another result.
        own_paths: Absolute paths that are part of an identity, and so are kept.
        searches: Searches that it holds now: studies, and files of replayed ones.
        added_searches: Those of them that it did not hold before.
    """

    path: Path
    size: int
    total: int
    added: int
    replaced: int
    own_paths: list[str]
    searches: int = 0
    added_searches: int = 0

    @property
    def text(self) -> str:
        """One line on the pack."""
        replaced = f", {self.replaced} replaced" if self.replaced else ""
        runs = "1 run" if self.total == 1 else f"{self.total} runs"
        searches = "1 search" if self.searches == 1 else f"{self.searches} searches"
        and_searches = f", {searches} ({self.added_searches} added)" if self.searches else ""
        return f"{self.path}: {runs} ({self.added} added{replaced}){and_searches}, {self.size:,} bytes"


def pack_runs(runs: Sequence[Run], folder: Path, replace: bool = False, searches: Sequence[Searches] = ()) -> Packed:
    """Writes runs and the searches of their experiments to the pack of a folder, beside those that it holds.

    Args:
        runs: Finished runs, whatever their status.
        folder: The folder of the pack; it is made if it does not exist.
        replace: Whether a run takes the place of one that has the same name and identity but another result, and a
            study that of one with another history.
        searches: Where there are more searches, of experiments that need have no runs.

    Returns:
        What became of the pack.

    Raises:
        UserError: The folder cannot be written, its pack, a run or a search cannot be read, or a run or a study is
            there with another result or history.
    """
    make_folder(folder, "--to", "Name another.")
    with locking(folder / PACK_FILE):  # else two at once would lose the runs of one another
        return _pack_runs(runs, folder / PACK_FILE, replace, searches)


def _pack_runs(runs: Sequence[Run], path: Path, replace: bool, searches: Sequence[Searches]) -> Packed:
    """Adds runs to a pack, and writes it anew, sorted; raises UserError where that would replace a result unasked."""
    before = _read_existing(path)
    after, replaced = dict(before.runs), []
    for run in runs:
        key, files = _key(run), _files_of(run)
        if (known := after.get(key)) and known[RESULT_FILE] != files[RESULT_FILE]:
            replaced.append(key)
        after[key] = files
    added = add_searches(before.searches, runs, searches)
    if not replace:
        _check_same(replaced, "result of each run")
        _check_same(added.replaced, "history of each study")
    # By name, as a report reads folders: then it lists equal rows in the same order.
    after = {key: after[key] for key in sorted(after, key=lambda key: key.split("/"))}
    after = _with_one_explanation(after)
    own_paths = sorted({path for run in runs for path in identity_paths(run.result.config)} | added.own_paths)
    total, before_searches = count_searches(added.searches), count_searches(before.searches)
    size = write_pack(path, Pack(after, added.searches))
    counts = len(after), len(after) - len(before.runs), len(set(replaced))
    return Packed(path, size, *counts, own_paths, total, total - before_searches)


def _check_same(replaced: Sequence[str], what: str) -> None:
    """Raises UserError where something in the pack would be replaced."""
    if replaced:
        named = ", ".join([*replaced[:MOST_NAMED], "..."] if len(replaced) > MOST_NAMED else replaced)
        raise UserError(
            f"a pack must hold one {what}, but there is another of {named}. Pass --replace to take the one that is "
            "named last, or --to another folder."
        )


def _with_one_explanation(runs: Mapping[str, Files]) -> dict[str, Files]:
    """Keeps explain.json, the largest file, for the first seed of each model only: reports draw the gates of that."""
    order: list[tuple[Replicate, str, bytes]] = []
    for key, files in runs.items():
        if EXPLAIN_FILE in files:
            result = decode_result(files[RESULT_FILE])
            model = msgspec.json.encode(without_replicate(result.config), order="deterministic")
            order.append((result.replicate, key, key.partition("/")[0].encode() + model))
    first: dict[bytes, str] = {}
    for _, key, model in sorted(order):
        first.setdefault(model, key)
    kept = set(first.values())
    return {
        key: files if key in kept else {name: files[name] for name in files if name != EXPLAIN_FILE}
        for key, files in runs.items()
    }


def _read_existing(path: Path) -> Pack:
    try:
        packed = read_pack(path) if path.exists() else Pack({}, {})
        for files in packed.runs.values():
            decode_result(files.get(RESULT_FILE, b""))
        return packed
    except ValueError as error:
        raise UserError(
            f"{path} must be a pack, to which runs are added, but it is {error}. Restore it, or delete it."
        ) from None


def _key(run: Run) -> str:
    """Returns the path of a run in an archive: its folder, which is its name and identity, below its experiment."""
    return f"{name_in_pack(run.result.experiment_name)}/{name_in_pack(run.result.folder_name)}"


def _files_of(run: Run) -> Files:
    """Returns the files of a run that a pack holds, bit for bit but for paths of this machine.

    Raises:
        UserError: A file cannot be read, such as another user's, or the result is gone since it was loaded.
    """
    if run.packed is not None:
        return run.packed
    files: dict[str, bytes] = {}
    for name in PACKED_FILES:
        try:
            if name == RESULT_FILE or (run.folder / name).is_file():
                files[name] = read_plain(run.folder / name)
        except (FileNotFoundError, ValueError) as error:
            reason = "gone" if isinstance(error, FileNotFoundError) else error
            raise UserError(
                f"a run must be files that can be read, but {run.folder / name} is {reason}. See to its permissions, "
                "wait until it is trained, or name the other runs."
            ) from None
    return files | {RESULT_FILE: _without_folders(files[RESULT_FILE])}


def _without_folders(content: bytes) -> bytes:
    """Returns the text of a result without paths of this machine; one that has none stays as it is, bit for bit."""
    text, is_sealed = unseal(content)
    before = json.loads(text)
    if (after := without_own_paths(before)) == before:
        return content
    text = msgspec.json.format(msgspec.json.encode(after), indent=2) + b"\n"
    return seal(text) if is_sealed else text
