"""A file imports only files of lower rank, so that there are no cycles and every layer can be read on its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import mgu

ROOT = Path(mgu.__file__).parent
RANKS = [
    {"errors", "score", "native", "malloc"},
    {"wiring", "sections"},
    {"unit_config"},
    {"arguments", "config", "results", "isolation", "presence"},
    {"layers", "check", "spent", "state", "estimate", "progress", "evidence"},
    {"models", "data", "tasks", "energy", "screen", "tracking", "grouping", "clock"},
    {"train", "report", "problem"},
    {"build", "compose", "sweep", "spending"},
    {"assess", "checkpoint", "compiled", "survey", "calibrate", "plan", "jobs", "trained"},
    {"explain"},
    {"prune"},
    {"run"},
    {"together"},
    {"preload", "cli"},
]


def rank_of(name: str) -> int:
    return next(rank for rank, names in enumerate(RANKS) if name in names)


def imports(file: Path) -> set[str]:
    """First parts below mgu of everything imported, at the top of the file or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mgu."):
            names.add(node.module.split(".")[1])
    return names


@pytest.mark.parametrize("file", [f for f in sorted(ROOT.rglob("*.py")) if f.parent != ROOT or f.stem != "__init__"],
                         ids=lambda file: str(file.relative_to(ROOT)))  # fmt: skip
def test_imports_go_down(file: Path) -> None:
    own = file.relative_to(ROOT).parts[0].removesuffix(".py")
    for imported in imports(file) - {own}:
        assert rank_of(imported) < rank_of(own), f"{own} may not import {imported}"


def test_one_file_each_touches_codecarbon_and_hydra_main() -> None:
    texts = {str(file.relative_to(ROOT)): file.read_text() for file in ROOT.rglob("*.py")}
    assert [name for name, text in texts.items() if "codecarbon import" in text] == ["energy.py"]
    assert [name for name, text in texts.items() if "hydra.main(" in text] == ["cli.py"]
    assert not [name for name, text in texts.items() if "pickle.load" in text]
    loads = [line for text in texts.values() for line in text.splitlines() if "torch.load(" in line]
    assert loads and all("weights_only=True" in line for line in loads)
