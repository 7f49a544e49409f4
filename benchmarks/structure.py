"""How the code hangs together: loose files, packages, arrows between them, and circles; by reading it, not running it.

python benchmarks/structure.py [CHECKOUT]
"""

from __future__ import annotations

import argparse
import ast
import json
from collections.abc import Mapping
from pathlib import Path


def read_imports(root: Path) -> dict[str, set[str]]:
    """The modules of mgu/ and hydra_plugins/, and which of one another each imports, at its top or in a function."""
    files = {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for folder in ("mgu", "hydra_plugins")
        for file in sorted((root / folder).rglob("*.py"))
    }
    arrows: dict[str, set[str]] = {module: set() for module in files}
    for module, file in files.items():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                arrows[module] |= {alias.name for alias in node.names if alias.name in files}
            elif isinstance(node, ast.ImportFrom) and node.module in files:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                arrows[module] |= {name if name in files else node.module for name in names}
        arrows[module].discard(module)
    return arrows


def between_packages(arrows: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The same between the parts that stand directly below mgu/."""

    def part(module: str) -> str:
        return ".".join(module.split(".")[:2])

    joined: dict[str, set[str]] = {}
    for module, imported in arrows.items():
        joined.setdefault(part(module), set()).update(part(other) for other in imported if part(other) != part(module))
    return joined


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach one another (Tarjan's strongly connected components of more than one node)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in arrows.get(node, ()):
            if other not in order:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], order[other])
        if lowest[node] == order[node]:
            component = [stack.pop()]
            while component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for node in arrows:
        if node not in order:
            visit(node)
    return found


def long_functions(root: Path, limit: int = 40) -> int:
    """How many functions have more lines than `limit`, their docstrings not counted."""
    nodes = (node for file in (root / "mgu").rglob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return sum(count_lines(node) > limit for node in functions)


def count_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the last line, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    docstring = ast.get_docstring(function, clean=False)
    return lines if docstring is None else lines - docstring.count("\n") - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, default=Path(__file__).resolve().parents[1])
    root = parser.parse_args().checkout
    modules = read_imports(root)
    modules = {module: imported - {"mgu"} for module, imported in modules.items() if module != "mgu"}
    packages = between_packages(modules)
    found = {
        "loose files in mgu/": len([f for f in (root / "mgu").glob("*.py") if f.name != "__init__.py"]),
        "packages in mgu/": len([f for f in (root / "mgu").iterdir() if (f / "__init__.py").exists()]),
        "modules": len(modules),
        "arrows between modules": sum(map(len, modules.values())),
        "arrows between packages and loose files": sum(map(len, packages.values())),
        "circles of modules": circles(modules),
        "circles of packages and loose files": circles(packages),
        "functions of more than 40 lines, without docstrings": long_functions(root),
        "lines of README.md": (root / "README.md").read_text().count("\n"),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
