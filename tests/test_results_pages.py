"""README, docs and results: pages equal their data, links resolve, and commands name what exists."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser

from mgu.cli.exit_codes import SUB_COMMANDS
from mgu.cli.overrides import as_option
from mgu.cli.study.space_arguments import of_space
from tests.conftest import hydra_of

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
BENCHMARKS = ROOT / "benchmarks"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("results/**/*.md")]
)
REFERENCE = ROOT / "docs" / "reference"  # quotes --help, where examples have explanations beside them
MAX_README_LINES = 200


def name_of(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


def commands() -> list[str]:
    """Every mgu-run command line of the pages, in code blocks and in backticks."""
    found: dict[str, None] = {}
    for page in (page for page in PAGES if not page.is_relative_to(REFERENCE)):
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = [line.strip() for line in text.splitlines()] + re.findall(r"`(mgu-run [^`]+)`", text)
        found.update(dict.fromkeys(line for line in lines if line.startswith("mgu-run ") and "..." not in line))
    return list(found)


def test_pages_are_rendered_from_their_data() -> None:
    checked = subprocess.run(
        [sys.executable, "benchmarks/pages.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"run `make results`:\n{checked.stdout}{checked.stderr}"


@pytest.mark.parametrize("data", sorted(ROOT.glob("results/*/data.json")), ids=name_of)
def test_every_study_has_data_a_page_and_a_row_in_the_readme(data: Path) -> None:
    parts = json.loads(data.read_text(encoding="utf-8"))
    assert parts and all({"machine", "rows"} <= part.keys() for part in parts.values())
    assert data.with_name("README.md").is_file()
    assert f"(results/{data.parent.name}/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_data_and_pages_name_no_path_of_a_machine() -> None:
    for file in [*PAGES, *ROOT.glob("results/*/data.json")]:
        assert not re.search(r"(?<![\w.])/(work|home|tmp|root|Users)/", file.read_text(encoding="utf-8")), file


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    for target, heading in targets:
        if re.match(r"\w+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{target} does not exist"
        assert not heading or file.suffix != ".md" or heading in headings(file), f"{target} has no heading {heading}"


def test_every_page_of_docs_is_in_its_index() -> None:
    docs = ROOT / "docs"
    linked = set(re.findall(r"\]\(([^)#\s]*)", (docs / "index.md").read_text(encoding="utf-8")))
    pages = {str(page.relative_to(docs)) for page in docs.glob("**/*.md")} - {"index.md"}
    assert pages <= linked, f"{pages - linked} must be in docs/index.md"


@cache
def headings(page: Path) -> set[str]:
    """Headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", own).lower()).replace(" ", "-") for own in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    names = re.findall(r"`((?:mgu|conf|benchmarks|tests)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert not [name for name in names if not {"mine", "NAME"} & {Path(name).stem} and not (ROOT / name).exists()]


# Hydra takes its time to compose each: one in three without --long.
@pytest.mark.parametrize(
    "command", [pytest.param(own, marks=[pytest.mark.long] * bool(at % 3)) for at, own in enumerate(commands())]
)
def test_commands_name_what_exists(command: str) -> None:
    words = of_space(shlex.split(command, comments=True)[1:])
    words = words[: words.index(">")] if ">" in words else words
    sub_command = words.pop(0) if words and words[0] in SUB_COMMANDS else None
    if "--config-dir" in words:
        return  # tests/cli/test_stranger.py runs it with the files that the guide puts there
    if sub_command not in (None, "plan", "check", "config"):
        check_arguments(sub_command, words)
        return
    flags = {"--calibrate", "--format", "json", "yaml"} if sub_command else {"-m", "--help", "--version"}
    if "--help" in words:
        words = words[: words.index("--help")]
    check_overrides([word for word in words if word not in flags])


def benchmark_commands() -> list[str]:
    """Every call of a script of benchmarks/, in pages and in what the scripts say of themselves."""
    found: dict[str, None] = {}
    for page in (*PAGES, *(file for file in BENCHMARKS.glob("*.py") if file.stem != "studies")):  # has them of pages
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        found.update(dict.fromkeys(re.findall(r"python (benchmarks/\w+\.py[^\n`]*)", text)))
    return list(found)


@pytest.mark.parametrize("command", benchmark_commands())
def test_commands_of_benchmarks_name_options_that_there_are(command: str) -> None:
    script, *words = command.replace("[", " ").replace("]", " ").partition("#")[0].split()
    source = with_its_imports(Path(script).stem)
    assert [word for word in words if re.fullmatch(r"--[a-z-]+", word) and f'"{word}"' not in source] == []


def with_its_imports(name: str) -> str:
    """The source of a benchmark and of those that it imports."""
    source = (BENCHMARKS / f"{name}.py").read_text(encoding="utf-8")
    imported = re.findall(r"^from (\w+) import", source, re.MULTILINE)
    return source + "".join(with_its_imports(own) for own in imported if (BENCHMARKS / f"{own}.py").is_file())


def check_arguments(sub_command: str, words: list[str]) -> None:
    """Flags must stand in the package's source; keys of prune, in its configuration."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "mgu").rglob("*.py"))
    keys = yaml.safe_load((CONF / "prune.yaml").read_text(encoding="utf-8"))
    for word in words:
        assert not word.startswith("-") or f'"{word}"' in source, word
        if "=" in word:
            assert sub_command == "prune" and word.partition("=")[0] in keys, word


def check_overrides(words: list[str]) -> None:
    """Hydra composes them, each sweep by its first value; launchers may not be installed."""
    parser = OverridesParser.create()
    overrides = []
    for word in map(as_option, words):
        parsed = parser.parse_override(word)
        first = parsed.key_or_group if parsed.is_delete() else word.partition("=")[0]
        is_sweep = parsed.is_sweep_override()
        if not first.startswith("hydra/"):
            overrides.append(f"{first}={next(iter(parsed.sweep_string_iterator()))}" if is_sweep else word)
    with hydra_of(CONF):
        compose("config", overrides)
