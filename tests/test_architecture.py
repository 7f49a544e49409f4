"""Packages import only packages of lower ranks, no module is in a circle, and the parent imports no torch."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from runpy import run_path

import pytest

import mgu

ROOT = Path(mgu.__file__).parents[1]
RANKS = [  # a package imports only packages of lower ranks
    {"errors", "kernels", "machine", "native", "random_numbers", "tasks", "text"},
    {"graphs", "isolation", "layers", "user_code"},
    {"equilibrium", "planned"},
    {"unit", "models", "directed"},
    {"config"},
    {"results"},
    {"data", "measure", "tracking", "console", "search"},
    {"train", "augment", "gemm"},
    {"multi_seed", "report", "sweep"},
    {"factory", "serve"},
    {"explain", "export"},
    {"run"},
    {"prune"},
    {"predict"},
    {"cli"},
    {"hydra_plugins", "__main__"},
]
WITHOUT_TORCH = (
    "cli",
    "search",
    "sweep",
    "console",
    "results",
    "config",
    "tracking",
    "report",
    "serve",
    "user_code",
    "graphs",
    "random_numbers",
)  # of the parent process
FILES = {
    str(file.relative_to(ROOT)): file.read_text()
    for folder in ("mgu", "hydra_plugins")
    for file in sorted((ROOT / folder).rglob("*.py"))
}
MODULES = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in FILES}


ARROWS: dict[str, set[str]] = run_path(str(ROOT / "benchmarks" / "structure.py"))["read_imports"](ROOT)


def imports(path: str) -> set[str]:
    """Our own modules that a file imports, at its top or inside a function."""
    return ARROWS[path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")]


def package_of(module: str) -> str:
    first, *rest = module.split(".")
    return first if first == "hydra_plugins" or not rest else rest[0]


def rank_of(package: str) -> int:
    return next(rank for rank, packages in enumerate(RANKS) if package in packages)


@pytest.mark.parametrize("path", [path for path in FILES if path != "mgu/__init__.py"])
def test_imports_go_down(path: str) -> None:
    own = package_of(path.removesuffix(".py").replace("/", "."))
    for module in imports(path):
        package = package_of(module)
        assert package in (own, "mgu") or rank_of(package) < rank_of(own), f"{path} may not import {module}"


def test_the_documentation_has_the_same_ranks() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(RANKS) + 1))
    assert [set(re.findall(r"`(\w+)`", packages)) for _, packages in rows] == RANKS


def package_rows() -> list[tuple[str, str]]:
    """The packages and the process of each row of the table in the documentation."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (`[a-z_`, ]+`) \| [^|]+ \| ([^|]+) \|$", page.split("## Ranks")[0], re.MULTILINE)


def test_the_documentation_has_every_package() -> None:
    named = [name for packages, _ in package_rows() for name in re.findall(r"`(\w+)`", packages)]
    assert len(named) == len(set(named))
    modules = {"errors", "machine", "__main__"}  # at the top; the text below the table speaks of them
    assert set(named) - {"paper"} == set().union(*RANKS) - modules  # `paper` holds files only


@pytest.mark.parametrize(("package", "process"), [row for row in package_rows() if row[1].startswith("both (")])
def test_the_documentation_says_what_the_parent_imports(package: str, process: str) -> None:
    """The command is left out, for it also imports, inside functions, what works on one finished run."""
    used = set()
    for path in FILES:
        own = package_of(path.removesuffix(".py").replace("/", "."))
        if own in {*WITHOUT_TORCH, "hydra_plugins"} - {"cli", package.strip("`")}:
            used |= {(own, module) for module in imports(path) if package_of(module) == package.strip("`")}
    files, packages = process.split(", for ")
    assert {module.rpartition(".")[2] for _, module in used} == set(re.findall(r"`(\w+)\.py`", files))
    assert {own for own, _ in used} == set(re.findall(r"`(\w+)`", packages)) - {"cli"}


def test_no_module_is_in_a_circle() -> None:
    graph = {module: imports(path) - {module} for module, path in MODULES.items() if module != "mgu"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports in a circle: {' -> '.join(error.args[1])}")


def test_packages_hand_on_no_names() -> None:
    """A name has one address: that of the module which defines it. Users import theirs from `mgu`."""
    with_code = ("mgu", "mgu/isolation", "mgu/search/spaces", "mgu/search/strategies")
    for path, source in FILES.items():
        if (
            path.startswith("mgu/")
            and path.endswith("/__init__.py")
            and path.removesuffix("/__init__.py") not in with_code
        ):
            assert [type(node) for node in ast.parse(source).body] in ([], [ast.Expr]), path


def test_top_level_has_at_most_three_files() -> None:
    loose = {file.name for file in (ROOT / "mgu").glob("*.py")} - {"__init__.py"}
    assert len(loose) <= 3, loose


@pytest.mark.parametrize("package", sorted({package_of(module) for module in MODULES} - {"mgu", "hydra_plugins"}))
def test_every_package_says_what_it_is_for(package: str) -> None:
    path = f"mgu/{package}/__init__.py"
    if path in FILES:
        assert ast.get_docstring(ast.parse(FILES[path]))


def heavy_modules_after(code: str) -> str:
    script = f"import sys; {code}; print(*{{'torch', 'hydra', 'pandas', 'scipy', 'matplotlib'}} & set(sys.modules))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("package", WITHOUT_TORCH)
def test_the_parent_imports_no_torch(package: str) -> None:
    """Every file of it, in a fresh process."""
    modules = [m for m in MODULES if m == f"mgu.{package}" or m.startswith(f"mgu.{package}.")]
    assert "torch" not in heavy_modules_after(f"import {', '.join(modules or ['mgu'])}")


def test_the_command_starts_without_what_takes_long_to_import() -> None:
    assert heavy_modules_after("import mgu.cli.main, mgu.cli.report") == ""


def test_the_sweep_reaches_training_only_through_isolation() -> None:
    child = {"run", "train", "factory", "measure", "multi_seed", "data", "models", "layers"}
    for path in FILES:
        if path.startswith(("mgu/sweep/", "hydra_plugins/")):
            assert not {package_of(module) for module in imports(path)} & (child - {"measure"}), path


def test_nobody_imports_the_command() -> None:
    own = ("mgu/cli/main.py", "mgu/__main__.py")
    assert not [path for path in FILES if path not in own and "mgu.cli.main" in imports(path)]


def _with(text: str) -> Iterable[str]:
    return [path for path, source in FILES.items() if text in source]


def test_one_file_each_touches_codecarbon_and_hydra_main() -> None:
    assert _with("from codecarbon import") == ["mgu/measure/codecarbon_instrument.py"]
    assert _with("hydra.main(") == ["mgu/cli/train.py"]
    assert not _with("pickle.load")
    loads = [line for path in _with("torch.load(") for line in FILES[path].splitlines() if "torch.load(" in line]
    assert loads and all("weights_only=True" in line for line in loads)


def test_no_function_has_more_than_eight_parameters() -> None:
    """A public layer's constructor may, for its arguments are keywords of users' code, and a kernel of Triton."""
    crowded = []
    for path, source in FILES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                if any("triton.jit" in ast.unparse(decorator) for decorator in node.decorator_list):
                    continue
                names = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
                crowded += [f"{path}: {node.name}"] * (len(set(names) - {"self", "cls", "ctx"}) > 8)
    assert not crowded
