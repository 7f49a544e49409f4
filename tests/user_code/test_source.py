"""The source behind an import path is found and hashed without executing it, and told by name where it is not."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
import yaml

from mgu.errors import UserError
from mgu.user_code.loading import call_target, find_target
from mgu.user_code.source import find_source


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a package that fails when it is executed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "own_pkg" / "deep").mkdir(parents=True)
    (tmp_path / "own_pkg" / "__init__.py").write_text("raise RuntimeError('executed')\n")
    (tmp_path / "own_pkg" / "deep" / "__init__.py").write_text("")
    (tmp_path / "own_pkg" / "deep" / "data.py").write_text("def load(): return 1\n")
    (tmp_path / "own_module.py").write_text("def load(size=3): return size\nNUMBER = 3\n")
    for name in [name for name in sys.modules if name.startswith("own_")]:
        monkeypatch.delitem(sys.modules, name)  # of other tests
    return tmp_path


def test_nothing_is_executed_and_the_folder_is_that_of_the_top_package(folder: Path) -> None:
    source = find_source("dataset.target", "own_pkg.deep.data:load")
    assert source.file == folder / "own_pkg" / "deep" / "data.py" and source.folder == folder
    assert find_source("dataset.target", "own_pkg.deep:x").folder == folder
    assert not [name for name in sys.modules if name.startswith("own_")]


def test_every_file_of_a_package_of_ones_own_counts_and_of_a_module_its_file_alone(folder: Path) -> None:
    def digests() -> list[str]:
        return [find_source("t", target).sha256 for target in ("own_pkg.deep.data:load", "own_module:load")]

    first = digests()
    assert first[1] == hashlib.sha256((folder / "own_module.py").read_bytes()).hexdigest()
    (folder / "own_pkg" / "helper.py").write_text("x = 1\n")
    second = digests()
    assert second[0] != first[0] and second[1] == first[1]
    (folder / "own_pkg" / "helper.py").rename(folder / "own_pkg" / "helpers.py")
    assert digests()[0] != second[0]


def test_each_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is hashed must be what is looked through for imports, though somebody saves it meanwhile."""
    (folder / "own_module.py").write_text("import own_helper\n")
    (folder / "own_helper.py").write_text("from own_pkg import deep\n")
    read, once = list[Path](), Path.read_bytes

    def reading(path: Path) -> bytes:
        read.append(path)
        return once(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    for target, files in (("own_module:load", 5), ("own_pkg.deep.data:load", 3)):
        find_source("t", target)
        assert len(read) == len(set(read)) == files
        read.clear()


def test_what_is_imported_beside_a_module_counts_and_what_imports_it_not(folder: Path) -> None:
    """A helper, what the helper imports, a package; nothing that is installed, hidden by it or only lies there."""
    main, package = folder / "own_module.py", folder / "own_pkg" / "deep" / "data.py"
    alone = find_source("t", "own_module:load").sha256
    main.write_text(
        "def load():\n    import own_helper, os\n    from own_pkg.deep import data\n    import yaml, own_gone\n"
    )
    (folder / "own_helper.py").write_text("from own_last import NUMBER\nimport own_module\n")
    (folder / "yaml.py").write_text("")
    (folder / "own_other.py").write_text("import own_module\n")
    files = [main, folder / "own_helper.py", folder / "own_last.py", package]
    (folder / "own_last.py").write_text("NUMBER = 1\n")
    seen = {alone}
    for file in files:
        source = find_source("t", "own_module:load")
        assert source.sha256 not in seen and source.sha256 == find_source("t", "own_module:load").sha256
        assert source.earlier_sha256 == hashlib.sha256(main.read_bytes()).hexdigest()
        seen.add(source.sha256)
        for beside in (folder / "yaml.py", folder / "own_other.py"):
            beside.write_text(beside.read_text() + "# more\n")
        assert find_source("t", "own_module:load").sha256 == source.sha256
        file.write_text(file.read_text() + "\n# more\n")
    assert find_source("t", "own_module:load").sha256 not in seen
    package.write_text("import own_helper\n")
    before = find_source("t", "own_pkg.deep.data:load")
    (folder / "own_last.py").write_text("NUMBER = 2\n")
    after = find_source("t", "own_pkg.deep.data:load")
    assert before.sha256 != after.sha256 and before.earlier_sha256 == after.earlier_sha256


def test_helpers_in_folders_without_an_init_file_count_and_large_packages_beside_them_do_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "own_space").mkdir()
    for name, text in {"data": "from .helper import load\n", "helper": "def load(): return 1\n"}.items():
        (folder / "own_space" / f"{name}.py").write_text(text)
    (folder / "own_module.py").write_text("import own_space.helper, own_pkg\n")
    targets = "own_module:load", "own_space.data:load"
    before = [find_source("t", target).sha256 for target in targets]
    (folder / "own_space" / "helper.py").write_text("def load(): return 2\n")
    after = [find_source("t", target) for target in targets]
    assert all(source.sha256 not in before and source.sha256 != source.earlier_sha256 for source in after)
    (folder / "own_space" / "gone.py").symlink_to(folder / "nothing.py")
    assert find_source("t", targets[0]).sha256 == after[0].sha256
    monkeypatch.setattr("mgu.user_code.source.MAX_FILES", 2)
    assert find_source("t", targets[0]).sha256 not in {after[0].sha256, after[0].earlier_sha256}  # without own_pkg


def test_a_package_below_a_hidden_folder_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".hidden").mkdir()
    (folder / "own_pkg").rename(folder / ".hidden" / "own_pkg")
    monkeypatch.chdir(folder / ".hidden")
    before = find_source("t", "own_pkg.deep.data:load").sha256
    Path("own_pkg", "deep", "data.py").write_text("def load(): return 2\n")
    assert find_source("t", "own_pkg.deep.data:load").sha256 != before


def test_runs_of_versions_that_did_not_count_imports_are_loaded(folder: Path) -> None:
    (folder / "own_module.py").write_text("from own_helper import load\n")
    (folder / "own_helper.py").write_text("def load(): return 1\n")
    source = find_source("t", "own_module:load")
    for known in (source.sha256, source.earlier_sha256):
        assert find_target("t", "own_module:load", None, known)() == 1
    (folder / "own_helper.py").write_text("def load(): return 2\n")
    with pytest.raises(UserError, match="or a file that it imports has changed"):
        find_target("t", "own_module:load", None, source.sha256)


def test_an_installed_package_is_known_by_its_file_and_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = find_source("t", "yaml.nodes:Node")
    assert source.folder is None and source.file == Path(yaml.nodes.__file__).resolve()
    monkeypatch.setattr("mgu.user_code.source._version_of", lambda package: "999")
    assert find_source("t", "yaml.nodes:Node").sha256 != source.sha256


def test_an_installed_module_is_never_hidden(folder: Path) -> None:
    (folder / "yaml.py").write_text("raise RuntimeError('hides a library')\n")
    assert find_source("t", "yaml:safe_load").folder is None


def test_a_recorded_folder_is_looked_in_before_the_working_directory(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert find_source("t", "own_module:load", str(folder)).folder == folder
    (elsewhere / "own_module.py").write_text("")
    assert find_source("t", "own_module:load", str(folder / "gone")).folder == elsewhere


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("own_modul:load", r"there is no own_modul in .* or installed\. Did you mean own_module:load\?$"),
        ("nowhere_at_all:f", r"no nowhere_at_all in .*\. Start mgu-run in the folder that holds it, or install it\.$"),
        ("own_pkg.deep.dat:f", "there is no own_pkg.deep.dat in"),
        ("sys:exit", r"sys of sys:exit is no Python file"),
    ],
)
def test_what_cannot_be_found_is_told(target: str, message: str, folder: Path) -> None:
    with pytest.raises(UserError, match=f"^t must .*{message}"):
        find_source("t", target)


def load(target: str, sha256: str | None = None) -> object:
    return find_target("t", target, None, sha256 or find_source("t", target).sha256)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("own_module:laod", r"own_module has no laod\. Did you mean own_module:load\?$"),
        ("own_module:NUMBER", r"own_module:NUMBER is of type int\. Name what makes it\.$"),
        (
            "own_pkg.deep.data:load",
            r"__init__.py:1 \(`raise RuntimeError\('executed'\)`\) raised RuntimeError: executed",
        ),
    ],
)
def test_what_cannot_be_called_is_told(target: str, message: str, folder: Path) -> None:
    with pytest.raises(UserError, match=message):
        load(target)


def test_a_syntax_error_is_told_by_its_line(folder: Path) -> None:
    (folder / "own_torn.py").write_text("x = 1\ndef load(:\n")
    with pytest.raises(UserError, match=r"own_torn.py:2 is no Python \(.*`def load\(:`\)"):
        load("own_torn:load")


def test_a_changed_source_is_refused_by_name(folder: Path) -> None:
    before = find_source("t", "own_module:load").sha256
    (folder / "own_module.py").write_text("def load(): return 2\n")
    with pytest.raises(UserError, match=rf"begun with \({before[:8]}\), but .*own_module.py or .* has changed \("):
        load("own_module:load", before)


def test_a_working_directory_is_at_the_end_of_the_path(folder: Path) -> None:
    before = list(sys.path)
    assert callable(load("own_module:load"))
    assert sys.path == [*before, str(folder)]


def function(width: int, depth: int = 2) -> tuple[int, int]:
    return width, depth


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"widht": 3},
            r"^t\.options must be arguments of m:f, which takes width, depth, but got widht\. Did you mean width\?$",
        ),
        ({}, r"^t\.options must have what m:f needs, but width is missing\. Pass t\.options\.width=\.\.\.$"),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        call_target("t", "m:f", function, options, {"other": 1})


def test_what_is_offered_is_given_where_it_is_asked_for_and_options_win() -> None:
    assert call_target("t", "m:f", function, {"depth": 5}, {"width": 1, "other": 2}) == (1, 5)
    assert call_target("t", "m:f", function, {"width": 7}, {"width": 1}) == (7, 2)
