"""C files of this package, compiled on first use and kept in the user's cache; nothing is compiled at installation.

Plain C through ctypes takes a second, where an extension against torch's headers takes a minute and must be built anew
for every torch. A machine without a compiler does without: `load` says None once, and its callers have another way.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import torch

from mgu.native.processor import processor_features

log = logging.getLogger(__name__)

REALS = {torch.float32: "float", torch.float64: "double"}  # what C calls them

FLAGS = ("-std=gnu11", "-O3", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math")
# From the best to what any compiler takes. Without OpenMP (Apple's clang) there is one thread, but vectors still.
VARIANTS = (
    ("-march=native", "-fopenmp"),
    ("-fopenmp",),
    ("-march=native", "-fopenmp-simd"),
    ("-fopenmp-simd",),
    (),
)


@cache
def load(source: Path, **definitions: str | int) -> ctypes.CDLL | None:
    """The shared library of one C file, compiled with `definitions`; None where it cannot be had."""
    compiler = find_compiler()
    if compiler is None:
        log.info("no C compiler (cc, gcc, clang) on the PATH: the plain implementation is used")
        return None
    try:
        stem = cache_dir("native") / f"{source.stem}-{_fingerprint(source, compiler, definitions)}"
        library = next(filter(_is_whole, stem.parent.glob(f"{stem.name}-*.so")), None)
        return ctypes.CDLL(str(library or _compile(source, compiler, definitions, stem)))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        log.warning("%s could not be compiled, the plain implementation is used: %s", source.name, error)
        return None


def threads_for(values: int, values_per_thread: int) -> int:
    """Of torch's threads as many as have enough to do: to wake one costs as much as some ten thousand values."""
    return max(1, min(torch.get_num_threads(), values // values_per_thread))


def find_compiler() -> str | None:
    """The C compiler: CC, if that names a program, else the system's."""
    names = (os.environ.get("CC", ""), "cc", "gcc", "clang")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def cache_dir(what: str) -> Path:
    """Where things of a kind are kept that can be made again: below MGU_CACHE, else ~/.cache/mgu."""
    return Path(os.environ.get("MGU_CACHE") or Path("~/.cache/mgu")).expanduser() / what


def _compile(source: Path, compiler: str, definitions: dict[str, str | int], stem: Path) -> Path:
    """Into a file of its own, named by its content and moved when whole: others may compile the same meanwhile."""
    started = time.perf_counter()
    stem.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stem.parent) as folder:
        built = Path(folder, "library.so")
        macros = [f"-D{name}={value}" for name, value in definitions.items()]
        for variant in VARIANTS:
            command = [compiler, *FLAGS, *variant, *macros, str(source), "-o", str(built), "-lm"]
            done = subprocess.run(command, capture_output=True, check=False, timeout=300)
            if done.returncode == 0 and built.exists():
                library = stem.with_name(f"{stem.name}-{_digest(built)}.so")
                built.replace(library)
                log.info("compiled %s in %.1f s with %s", source.name, time.perf_counter() - started, " ".join(variant))
                return library
        said = done.stderr.decode(errors="replace").strip()
        raise OSError(f"{' '.join(command)} says: {said[:500]}")


def _is_whole(library: Path) -> bool:
    """To load one that is torn would kill the process."""
    return library.stem.endswith(_digest(library))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _fingerprint(source: Path, compiler: str, definitions: dict[str, str | int]) -> str:
    """Of everything that decides what the compiler makes: `-march=native` means another thing on another processor."""
    parts = [source.read_text(), _version(compiler), repr(sorted(definitions.items())), processor_features()]
    parts.append(repr((FLAGS, VARIANTS)))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def _version(compiler: str) -> str:
    asked = subprocess.run([compiler, "--version"], capture_output=True, check=False, timeout=60)
    return compiler + asked.stdout.decode(errors="replace")
