"""Finds the source of a module without executing it, and the checksum of what a run depends on.

A module in site-packages is known by its file and the version of its package. Any other is the user's own: of a module
in a package all Python files of the package count, for the module imports the others.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Sequence
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
    """

    file: Path
    folder: Path | None
    sha256: str


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
        return Source(file, None, _digest_installed(file, name.partition(".")[0]))
    return Source(file, root, _digest_own(file, root, name.partition(".")[0]))


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
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _installed_folders() -> list[Path]:
    return [Path(path).resolve() for name in ("purelib", "platlib", "stdlib") if (path := sysconfig.get_path(name))]


def _digest_own(file: Path, root: Path, top: str) -> str:
    """Returns the checksum of a file, or of all Python files of its package, by their names below the package."""
    package = root / top
    if not (package / "__init__.py").is_file():
        return hashlib.sha256(file.read_bytes()).hexdigest()
    files = sorted(path for path in package.rglob("*.py") if not any(part[0] == "." for part in path.parts[1:]))
    if len(files) > MAX_FILES:
        raise UserError(
            f"a package must have at most {MAX_FILES:,} Python files, but {package} has {len(files):,}. "
            "Put the code into a package of its own."
        )
    whole = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(package).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


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
