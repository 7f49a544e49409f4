"""The page of the Python API, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mgu
from mgu.data.splits import Data
from mgu.predict.model import Model, Predicted

INTRO = """
`import mgu` offers these names, and imports torch and pandas once one that needs them is used. Runs are trained by the
command `mgu-run`, from Python by way of `subprocess`: a run has a process of its own.
"""
EXAMPLE = """
```python
import mgu

model = mgu.load("digits_3-mgu-lean-s0")  # a finished run, by its folder or its name
model.predict("scans/")
runs = mgu.load_runs("runs/digits")  # a DataFrame
runs.groupby("norm")["val.accuracy"].mean()
```
"""
# Parts of the page that are no names of `mgu`, but what its functions return or its classes hold.
PARTS: Mapping[str, tuple[type, Sequence[str]]] = {
    "mgu.load(...)": (Model, ("classes", "predict", "probabilities", "outputs", "predict_files")),
    "mgu.load(...).predict_files(...)": (Predicted, ()),
    "mgu.Splits.train": (Data, ("device", "batch", "to", "subset")),
}
SECTION = re.compile(r"^(Args|Attributes|Shape|Returns|Raises):$", re.M)
ENTRY = re.compile(r"^ {4}(\w+): ", re.M)


def render(generated: str) -> str:
    """Renders python.md.

    Args:
        generated: The line that says how the page is made.
    """
    parts = [f"# Python\n\n{generated}\n{INTRO}{EXAMPLE}"]
    for name in mgu.__all__:
        parts.append(_describe(f"mgu.{name}", getattr(mgu, name), "##"))
    for name, (part, members) in PARTS.items():
        parts.append(_describe(f"{part.__name__}, as of `{name}`", part, "##", is_called=False))
        parts += [_describe(f"{part.__name__}.{member}", getattr(part, member), "###") for member in members]
    return "\n".join(parts)


def _describe(title: str, described: Any, heading: str, *, is_called: bool = True) -> str:
    """Renders one class or function: its signature, if it is for the user to call, and its docstring."""
    name = title.rpartition(".")[2]
    code = f"```python\n{name}({_parameters(described)})\n```\n\n" if is_called and callable(described) else ""
    shown = title if title.count("`") else f"`{title}`"
    return f"{heading} {shown}\n\n{code}{_docstring(described, is_called)}"


def _parameters(described: Callable[..., Any]) -> str:
    """Returns the parameters with their defaults, without types; the docstring says what they must be."""
    parts, is_keyword = [], False
    for parameter in inspect.signature(described).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not is_keyword:
            is_keyword = True
            parts.append("*")
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        parts.append(f"{star}{parameter.name}{default}")
    return ", ".join(parts)


def _docstring(described: Any, is_called: bool) -> str:
    """Renders a docstring: its sentences, then each section as a list; no Args of what is not called."""
    summary, *sections = SECTION.split(inspect.getdoc(described) or "")
    parts = [_joined(summary)]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        if title == "Args" and not is_called:
            continue
        before, *entries = ENTRY.split(body)
        lines = [f"- `{name}`: {_joined(text)}" for name, text in zip(entries[::2], entries[1::2], strict=True)]
        parts.append(f"**{title}.** {_joined(before)}".strip() + ("\n\n" + "\n".join(lines) if lines else ""))
    return "\n\n".join(part for part in parts if part) + "\n"


def _joined(text: str) -> str:
    """Returns paragraphs as one line each."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))
