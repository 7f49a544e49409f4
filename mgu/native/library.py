"""Compiling and loading the C files of this package: on first use, into the user's cache, never at installation.

Plain C through ctypes compiles in a second, where an extension against torch's headers takes a minute and must be built
anew for every version of torch. Without a compiler `load` returns None, and its callers use their plain implementation.
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
from typing import Any

import torch

from mgu.native.layout import check_layout
from mgu.native.private import is_private, make_private
from mgu.native.processor import processor_features

log = logging.getLogger(__name__)

HEADERS = Path(__file__).parent  # whose *.h the C files include
REALS = {torch.float32: "float", torch.float64: "double"}  # names of the precisions in C
FEW_CHANNELS = 64  # up to here their number is a macro, so that the compiler unrolls loops: a quarter faster

FLAGS = ("-std=gnu11", "-O3", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math")
# From the best to what any compiler takes. Without OpenMP (Apple's clang) there is one thread, but vectors still.
VARIANTS = (
    ("-march=native", "-mprefer-vector-width=512", "-fopenmp"),
    ("-march=native", "-fopenmp"),
    ("-fopenmp",),
    ("-march=native", "-fopenmp-simd"),
    ("-fopenmp-simd",),
    (),
)


@cache
def load(source: Path, mirror: type[ctypes.Structure] | None = None, **definitions: str | int) -> ctypes.CDLL | None:
    """Returns the shared library of one C file; compiles it where the cache does not have it.

    Args:
        source: The C file.
        mirror: The ctypes structure that mirrors the struct of its `layout`, see mgu/native/layout.py.
        **definitions: Macros that the file is compiled with.

    Returns:
        The library, the same object for the same arguments; None without a compiler, or where compiling fails, which
        is logged.

    Raises:
        RuntimeError: `mirror` does not lie in memory as the C struct does.
    """
    library = _load(source, definitions)
    if library is not None and mirror is not None:
        check_layout(library, mirror)
    return library


def _load(source: Path, definitions: dict[str, str | int]) -> ctypes.CDLL | None:
    """Returns the library without a look at its layout."""
    compiler = find_compiler()
    if compiler is None:
        log.info("no C compiler (cc, gcc, clang) on the PATH: the plain implementation is used")
        return None
    try:
        stem = cache_dir("native") / f"{source.stem}-{_fingerprint(source, compiler, definitions)}"
        make_private(stem.parent)  # whatever lies there is run in this process
        compiled = (file for file in stem.parent.glob(f"{stem.name}-*.so") if is_private(file) and _is_complete(file))
        library = next(compiled, None)
        return ctypes.CDLL(str(library or _compile(source, compiler, definitions, stem)))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        log.warning("%s could not be compiled, the plain implementation is used: %s", source.name, error)
        return None


def run_kernel(function: Any, call: ctypes.Structure) -> None:
    """Calls a function of a library with its arguments.

    Args:
        function: The function, which returns 0, or 1 where it has run out of memory.
        call: Its arguments, with the number of `channels` among them.

    Raises:
        MemoryError: It has run out of memory.
    """
    if function(ctypes.byref(call)):
        raise MemoryError(f"the native engine has no working memory for {call.channels} channels")


def threads_for(values: int, values_per_thread: int) -> int:
    """Returns the number of threads that are worth their start-up: waking one costs some ten thousand values.

    Args:
        values: How many values there are to compute.
        values_per_thread: How many of them make another thread worthwhile.

    Returns:
        At least 1, and at most the number of threads of torch.
    """
    return max(1, min(torch.get_num_threads(), values // values_per_thread))


def channels_macro(num_channels: int) -> int:
    """Returns the number of channels that a kernel is compiled for.

    Args:
        num_channels: The number that it is wanted for.

    Returns:
        The same where there are few; else 0, for any number.
    """
    return num_channels if num_channels <= FEW_CHANNELS else 0


def find_compiler() -> str | None:
    """Finds the C compiler: CC, if that names a program, else cc, gcc or clang.

    Returns:
        Its path; None without one.
    """
    names = (os.environ.get("CC", ""), "cc", "gcc", "clang")
    return next(filter(None, map(shutil.which, filter(None, names))), None)


def cache_dir(kind: str) -> Path:
    """Returns the cache directory for regenerable files of one kind, below MGU_CACHE or else ~/.cache/mgu.

    Args:
        kind: Name of the sub-directory.

    Returns:
        The directory, which need not exist.
    """
    return Path(os.environ.get("MGU_CACHE") or Path("~/.cache/mgu")).expanduser() / kind


def _compile(source: Path, compiler: str, definitions: dict[str, str | int], stem: Path) -> Path:
    """Compiles into a file named by its content, moved when complete, for other processes may compile the same."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=stem.parent) as folder:
        built = Path(folder, "library.so")
        macros = [f"-D{name}={value}" for name, value in definitions.items()]
        for variant in VARIANTS:
            command = [compiler, *FLAGS, *variant, *macros, f"-I{HEADERS}", str(source), "-o", str(built), "-lm"]
            done = subprocess.run(command, capture_output=True, check=False, timeout=300)
            if done.returncode == 0 and built.exists():
                built.chmod(0o700)
                library = stem.with_name(f"{stem.name}-{_digest(built)}.so")
                built.replace(library)
                log.info("compiled %s in %.1f s with %s", source.name, time.perf_counter() - started, " ".join(variant))
                return library
        message = done.stderr.decode(errors="replace").strip()
        raise OSError(f"{' '.join(command)} says: {message[:500]}")


def _is_complete(library: Path) -> bool:
    """Tells whether the file has the content it is named by: loading a truncated one would kill the process."""
    return library.stem.endswith(_digest(library))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _fingerprint(source: Path, compiler: str, definitions: dict[str, str | int]) -> str:
    """Returns a hash of all that determines the library; `-march=native` depends on the processor."""
    parts = [source.read_text(), _version(compiler), repr(sorted(definitions.items())), processor_features()]
    headers = sorted({*HEADERS.glob("*.h"), *source.parent.glob("*.h")})
    parts += [repr((FLAGS, VARIANTS)), *(header.read_text() for header in headers)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def _version(compiler: str) -> str:
    done = subprocess.run([compiler, "--version"], capture_output=True, check=False, timeout=60)
    return compiler + done.stdout.decode(errors="replace")
