"""The layout of a C struct, as its library exports it, against the ctypes structure that mirrors it.

A C file that is called with a struct exports an array `layout` of (name, offset, size), one entry a member in order and
a last one with the name NULL and the size of the whole struct:

    #define MEMBER(name) {#name, offsetof(struct call, name), sizeof(((struct call *)0)->name)}
    const struct { const char *name; long offset, size; } layout[] = {
        MEMBER(rows), MEMBER(out), {NULL, sizeof(struct call), sizeof(struct call)}};
"""

from __future__ import annotations

import ctypes
from pathlib import Path


class Member(ctypes.Structure):
    """Mirrors one entry of `layout`.

    Attributes:
        name: Name of the member; None in the last entry.
        offset: Where the member begins, in bytes; the size of the struct in the last entry.
        size: Size of the member in bytes; the size of the struct in the last entry.
    """

    _fields_ = (("name", ctypes.c_char_p), ("offset", ctypes.c_long), ("size", ctypes.c_long))


def check_layout(library: ctypes.CDLL, mirror: type[ctypes.Structure]) -> None:
    """Checks that `mirror` lies in memory as the struct does that `library` was compiled with.

    Args:
        library: A loaded library that exports `layout`.
        mirror: The ctypes structure that its functions are called with.

    Raises:
        RuntimeError: A member has another name, offset or size, or the struct another size.
    """
    theirs = _exported(library)
    ours = [(name, getattr(mirror, name).offset, getattr(mirror, name).size) for name, *_ in mirror._fields_]
    ours.append(("", ctypes.sizeof(mirror), ctypes.sizeof(mirror)))
    for member, expected in zip(ours, theirs, strict=False):  # the shorter one ends with the size of the struct
        if member != expected:
            raise RuntimeError(
                f"{mirror.__name__} must have {_in_words(*expected)} as the struct of {Path(library._name).name} has, "
                f"but got {_in_words(*member)}. Make the ctypes structure and the C struct alike."
            )


def _exported(library: ctypes.CDLL) -> list[tuple[str, int, int]]:
    """Returns name, offset and size of each member; the last entry is the whole struct, with an empty name."""
    members = ctypes.cast(library.layout, ctypes.POINTER(Member))
    exported: list[tuple[str, int, int]] = []
    while members[len(exported)].name is not None:
        member = members[len(exported)]
        exported.append((member.name.decode(), member.offset, member.size))
    return [*exported, ("", members[len(exported)].offset, members[len(exported)].size)]


def _in_words(name: str, offset: int, size: int) -> str:
    return f"{name!r} of {size} bytes at byte {offset}" if name else f"its end at byte {offset}"
