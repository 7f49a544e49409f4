"""What packages import from one another is documented: a verb first, then Args, Shape, Returns and Raises.

ruff's pydocstyle rules hold the form; here is what they do not look at: that every argument is named, and what is
returned and raised.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import msgspec
import pydantic
import pytest
from torch import nn

import mgu

ROOT = Path(mgu.__file__).parent


def crossing() -> list[tuple[str, str]]:
    """Returns what one package imports from another, with its module: the public names of this code."""
    found = {("mgu", name) for name in mgu.__all__}
    for file in [*ROOT.rglob("*.py"), *ROOT.with_name("hydra_plugins").rglob("*.py")]:
        package = file.relative_to(ROOT.parent).parts[1]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mgu."):
                found |= {(node.module, alias.name) for alias in node.names if node.module.split(".")[1] != package}
    return sorted(found)


NO_VERBS = (
    "This",
    "Its",
    "Units",
    "Runs",
    "Results",
    "Arguments",
    "Details",
    "Settings",
    "Classes",
    "Layers",
    "Weights",
)


def sections(doc: str) -> dict[str, str]:
    """The text of a docstring by the title of its sections; "" for what stands before the first."""
    parts = re.split(r"^([A-Z][a-z]+):\n", inspect.cleandoc(doc), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def check_verb(doc: str) -> None:
    word = doc.split(maxsplit=1)[0]
    assert re.fullmatch(r"[A-Z][a-z]+s", word) and word not in NO_VERBS, f"begins with {word!r}, not with a verb"


def check_named(section: str, names: list[str]) -> None:
    missing = [name for name in names if not re.search(rf"^ *\**{re.escape(name)}( \(.*\))?:", section, re.MULTILINE)]
    assert not missing, f"does not say what {', '.join(missing)} is"


def parameters(function: Any) -> list[str]:
    found = list(inspect.signature(function).parameters.values())
    return [p.name for p in found if p.name not in ("self", "cls") and p.kind is not p.VAR_KEYWORD]


def raises(function: Any) -> bool:
    """Whether it raises an exception in its own lines."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def check_function(function: Any, doc: dict[str, str]) -> None:
    if names := parameters(function):
        check_named(doc.get("Args", ""), names)
    returned = inspect.signature(function).return_annotation
    if returned not in (None, "None", "NoReturn", inspect.Signature.empty):
        assert {"Returns", "Yields"} & set(doc), "does not say what it returns"
    assert "Raises" in doc or not raises(function), "does not say what it raises"


def check_class(cls: type, doc: dict[str, str]) -> None:
    if issubclass(cls, pydantic.BaseModel | msgspec.Struct):
        return  # their fields have descriptions, which docs/reference/ is made of
    if is_dataclass(cls) or issubclass(cls, tuple):
        check_named(doc.get("Attributes", "") + doc.get("Args", ""), list(inspect.get_annotations(cls)))
    elif "__init__" in vars(cls) and not getattr(cls, "_is_protocol", False):
        check_named(doc.get("Args", ""), parameters(vars(cls)["__init__"]))
    assert "Shape" in doc or not issubclass(cls, nn.Module), "does not say the shapes of its input and output"


@pytest.mark.parametrize(("module", "name"), crossing())
def test_what_packages_import_from_one_another_is_documented(module: str, name: str) -> None:
    thing = getattr(importlib.import_module(module), name, None)  # None for a module of a package
    if not (inspect.isclass(thing) or inspect.isfunction(thing)) or not thing.__module__.startswith("mgu."):
        return  # a constant or a type
    assert thing.__doc__, "has no docstring"
    doc = sections(thing.__doc__)
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return
    check_verb(doc[""])
    check_class(thing, doc) if inspect.isclass(thing) else check_function(thing, doc)
