"""Finds the source of a module without executing it, and the checksum of what a run depends on.

A module in site-packages is known by its file and the version of its package. Any other is the user's own: of a module
in a package all Python files of the package count, for the module imports the others. So do the modules and packages
beside it that are imported by an `import` in any of these files; what is imported by other means is not seen.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import NamedTuple

from mgu.errors import UserError
from mgu.text.nearest import did_you_mean

MAX_FILES = 2_000  # of a package: more is a folder that is no package of the user's


class Source(NamedTuple):
    """Says where a module comes from.

    Attributes:
        file: The module's file.
        folder: The folder that it is imported from, where that is not among the installed packages; else None.
        sha256: Checksum of all that a run depends on, in hexadecimal.
        earlier_sha256: What it was in versions that did not count what is imported beside the module.
    """

    file: Path
    folder: Path | None
    sha256: str
    earlier_sha256: str


class _Contents(dict[Path, bytes]):
    """Holds what is in files, each read once: what was hashed is what was searched for imports."""

    def __missing__(self, path: Path) -> bytes:
        self[path] = path.read_bytes()
        return self[path]


def find_source(key: str, target: str, folder: str | None = None) -> Source:
    """Finds the module of a target; nothing is executed.

    Installed packages come first, as nothing of the user's may hide a library; then `folder`, then the working
    directory.

    Args:
        key: What the target is called in messages, such as "dataset.target".
        target: An import path, as my_pkg:load.
        folder: A folder to look in before the working directory.

    Returns:
        The source.

    Raises:
        UserError: There is no such module, or it is no Python file.
    """
    name = target.partition(":")[0]
    folders = [Path(folder).expanduser()] if folder else []
    folders.append(Path.cwd())
    spec = _find_spec(name, folders)
    if spec is None:
        raise UserError(_describe_absent(key, target, name, folders))
    if not spec.origin or not spec.origin.endswith(".py") or not Path(spec.origin).is_file():
        what = "a folder without __init__.py" if spec.submodule_search_locations else "no Python file"
        raise UserError(
            f"{key} must name a module in a Python file, but {name} of {target} is {what}. Name a file in it."
        )
    file = Path(spec.origin).resolve()
    root = file.parents[name.count(".") + (file.name == "__init__.py")]
    if any(root.is_relative_to(installed) for installed in _installed_folders()):
        digest = _digest_installed(file, name.partition(".")[0])
        return Source(file, None, digest, digest)
    return Source(file, root, *_digest_own(file, root, name.partition(".")[0]))


def _find_spec(name: str, folders: Sequence[Path]) -> ModuleSpec | None:
    """Finds a module as an import would, but that no parent package is executed and own folders come last."""
    first, *rest = name.split(".")
    cwd = os.getcwd()
    installed = [entry for entry in sys.path if entry and os.path.abspath(entry) != cwd]
    spec = PathFinder.find_spec(first, installed) or _ask_other_finders(first)
    spec = spec or PathFinder.find_spec(first, [str(folder) for folder in folders])
    for depth, _ in enumerate(rest, start=2):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join(name.split(".")[:depth]), list(spec.submodule_search_locations))
    return spec


def _ask_other_finders(name: str) -> ModuleSpec | None:
    """Finds what is built in, or installed in editable mode, for which its installer registers a finder."""
    others = (finder for finder in sys.meta_path if finder is not PathFinder)
    specs = (finder.find_spec(name, None) for finder in others if hasattr(finder, "find_spec"))
    return next((spec for spec in specs if spec and spec.origin), None)


def _describe_absent(key: str, target: str, name: str, folders: Sequence[Path]) -> str:
    near = [path.stem if path.suffix == ".py" else path.name for path in Path.cwd().glob("*") if _is_importable(path)]
    where = " or ".join(dict.fromkeys(str(folder) for folder in folders))
    hint = did_you_mean(name, near).rstrip("?")
    hint = (
        f"{hint}:{target.partition(':')[2]}?" if hint else " Start mgu-run in the folder that holds it, or install it."
    )
    return f"{key} must be in a module that can be found, but there is no {name} in {where} or installed.{hint}"


def _is_importable(path: Path) -> bool:
    return path.suffix == ".py" or _is_package(path)


def _installed_folders() -> list[Path]:
    return [Path(path).resolve() for name in ("purelib", "platlib", "stdlib") if (path := sysconfig.get_path(name))]


def _digest_own(file: Path, root: Path, top: str) -> tuple[str, str]:
    """Returns the checksum of a file, or of its package, with what is imported beside it, and that without."""
    package, contents = root / top, _Contents()
    if _is_package(package):
        own = _files_of(package)
        if len(own) > MAX_FILES:
            raise UserError(
                f"a package must have at most {MAX_FILES:,} Python files, but {package} has {len(own):,}. "
                "Put the code into a package of its own."
            )
        alone = _digest_all(own, package, contents)
    else:
        own = [file]
        alone = hashlib.sha256(contents[file]).hexdigest()
    files = _with_imported(own, root, contents)
    return alone if files == own else _digest_all(files, root, contents), alone


def _digest_all(files: Sequence[Path], folder: Path, contents: _Contents) -> str:
    """Returns the checksum of files by their names below a folder."""
    whole = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(contents[path]).hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _files_of(folder: Path) -> list[Path]:
    """Returns the Python files below a folder, but for hidden ones and links to nothing."""
    return sorted(
        path
        for path in folder.rglob("*.py")
        if not any(part[0] == "." for part in path.relative_to(folder).parts) and path.is_file()
    )


def _with_imported(files: list[Path], root: Path, contents: _Contents) -> list[Path]:
    """Returns files, and those of the modules and packages in `root` that they import, and so on.

    Args:
        files: Python files below `root`.
        root: The folder that the user's modules are imported from.
        contents: Reads the files.
    """
    found, waiting = dict.fromkeys(files), list(files)
    entries = [path for path in root.iterdir() if path.suffix == ".py" or path.is_dir()]
    names = {path.stem if path.is_file() else path.name for path in entries if path.stem.isidentifier()}
    while waiting and names:
        file = waiting.pop()
        for name in names & _imported_by(contents[file], file.relative_to(root).parts[0], names):
            names.discard(name)
            imported = [path for path in _own_files(name, root) if path not in found]
            found |= dict.fromkeys(imported)
            waiting += imported
    return list(found) if len(found) == len(files) else sorted(found)


def _own_files(name: str, root: Path) -> list[Path]:
    """Returns the files of a module or package in `root`; none if an installed one hides it."""
    path, spec = root / name, _find_spec(name, [root])
    if spec is None or not any(place.is_relative_to(root) for place in _places_of(spec)):
        return []
    files = _files_of(path) if spec.submodule_search_locations is not None else [path.with_suffix(".py")]
    return files if len(files) <= MAX_FILES else []  # somebody else's code that lies here


def _places_of(spec: ModuleSpec) -> Iterator[Path]:
    """Yields where a module or package lies, as it is found and without links; a folder may have no __init__.py."""
    for place in [spec.origin] if spec.origin else list(spec.submodule_search_locations or ()):
        yield from (Path(place), Path(place).resolve())


def _imported_by(content: bytes, own: str, names: AbstractSet[str]) -> set[str]:
    """Returns the top-level names that a file of `own` imports; none where it is no Python, which its import will tell.

    Parsing takes a hundred times as long as reading: a file in which none of `names` is written is not parsed.
    """
    if not any(name.encode() in content for name in names) and not (own in names and b"from ." in content):
        return set()
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(own if node.level else str(node.module).partition(".")[0])
    return found


def _digest_installed(file: Path, top: str) -> str:
    content = hashlib.sha256(file.read_bytes()).hexdigest()
    return hashlib.sha256(f"{_version_of(top)}\0{content}".encode()).hexdigest()


def _version_of(package: str) -> str:
    """Returns the version of an installed package; Python's own for a module of the standard library."""
    try:
        return version(package)
    except PackageNotFoundError:  # its distribution has another name
        owners = packages_distributions().get(package)
        return version(owners[0]) if owners else sys.version.split()[0]
