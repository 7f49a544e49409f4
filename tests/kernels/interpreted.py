"""The kernels interpreted on the CPU: Triton decides at a function's decoration whether it is compiled.

Triton's interpreter exchanges functions of triton.language whenever a kernel calls another, which takes most of its
time, and does not put all of them back, after which nothing compiles any more. Here it is done once, and undone.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

import triton
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.jit import JITFunction

from mgu.kernels import availability

MODULES = (
    "activations",
    "rows",
    "statistics",
    "unit_rows",
    "unit_rows_backward",
    "block_rows",
    "launch",
    "unit",
    "block",
)


@contextmanager
def interpreted() -> Iterator[None]:
    """Kernels are imported anew, for the interpreter; afterwards everything is as it was."""
    own = [f"mgu.kernels.{name}" for name in MODULES]
    before = {name: sys.modules.pop(name) for name in own if name in sys.modules}
    was_interpreted = triton.knobs.runtime.interpret
    triton.knobs.runtime.interpret = True
    try:
        with language_exchanged(), mock.patch.object(availability, "INTERPRETED", True):
            for name in own:
                importlib.import_module(name)
            yield
    finally:
        triton.knobs.runtime.interpret = was_interpreted
        forget(own)
        sys.modules.update(before)


def forget(modules: list[str]) -> None:
    for name in modules:
        sys.modules.pop(name, None)


@contextmanager
def language_exchanged() -> Iterator[None]:
    """triton.language is the interpreter's, its functions written in Triton included, such as tl.sum."""
    holders: list[Any] = [tl, tl.core, tl.math, *(c for c in vars(tl.core).values() if inspect.isclass(c))]
    kept = [dict(vars(holder)) for holder in holders]
    for name, thing in kept[0].items():
        if isinstance(thing, JITFunction):
            setattr(tl, name, interpreter.InterpretedFunction(thing.fn))
    interpreter._patch_lang(FunctionType((lambda: None).__code__, {"tl": tl, "core": tl.core}))  # it looks at globals
    try:
        with mock.patch.object(interpreter, "_patch_lang", return_value=interpreter._LangPatchScope()):
            yield
    finally:
        for holder, names in zip(holders, kept, strict=True):
            put_back(holder, names)


def put_back(holder: ModuleType | type, names: dict[str, Any]) -> None:
    for name, now in list(vars(holder).items()):
        if name not in names:
            delattr(holder, name)
        elif now is not names[name]:
            setattr(holder, name, names[name])
