"""C files: compiled once for all processes, refused where a struct is laid out otherwise, done without if need be."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mgu import MultiGatedUnit
from mgu.native import library
from mgu.native.layout import check_layout
from mgu.train import compiled_nadam
from mgu.unit.kernel import SOURCE, Call
from tests.unit.test_engines import assert_same, results, unit_of
from tests.unit.test_unit_contract import IMAGES


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is compiled yet, and nothing stays loaded."""
    monkeypatch.setenv("MGU_CACHE", str(tmp_path / "cache"))
    library.load.cache_clear()
    yield
    library.load.cache_clear()


def libraries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "native").iterdir())


def test_a_broken_compiler_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken").write_text("#!/bin/sh\necho no such option >&2; exit 1\n")
    (tmp_path / "broken").chmod(0o755)
    monkeypatch.setenv("CC", str(tmp_path / "broken"))
    unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    assert unit(x).isfinite().all()
    assert "fused.c could not be compiled" in caplog.text and "no such option" in caplog.text
    assert not libraries(tmp_path)


def test_compiled_once_for_all_processes(tmp_path: Path) -> None:
    x = torch.randn(3, 5)
    MultiGatedUnit(nn.Linear(5, 6))(x)
    (compiled,) = libraries(tmp_path)  # by its content's name
    written = compiled.stat().st_mtime_ns
    library.load.cache_clear()
    MultiGatedUnit(nn.Linear(5, 6))(x)
    assert compiled.stat().st_mtime_ns == written
    MultiGatedUnit(nn.Linear(5, 6), "relu")(x)
    assert len(libraries(tmp_path)) == 2


def test_a_library_that_others_may_write_is_not_loaded(tmp_path: Path) -> None:
    """One that is planted under the right name stands for code of somebody else's."""
    MultiGatedUnit(nn.Linear(5, 6))(torch.randn(3, 5))
    (compiled,) = libraries(tmp_path)
    compiled.chmod(0o777)
    before = compiled.stat().st_ino
    library.load.cache_clear()
    MultiGatedUnit(nn.Linear(5, 6))(torch.randn(3, 5))
    assert compiled.stat().st_ino != before and compiled.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_is_closed_and_a_link_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "cache" / "native"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    MultiGatedUnit(nn.Linear(5, 6))(torch.randn(3, 5))
    assert folder.stat().st_mode & 0o777 == 0o700 and len(libraries(tmp_path)) == 1
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    library.load.cache_clear()
    assert MultiGatedUnit(nn.Linear(5, 6))(torch.randn(3, 5)).isfinite().all()
    assert "is a link. Set MGU_CACHE" in caplog.text


def test_a_torn_library_is_compiled_anew(tmp_path: Path) -> None:
    source = tmp_path / "number.c"
    source.write_text("int number(void) { return NUMBER; }\n")
    library.load(source, NUMBER=7)
    library.load.cache_clear()
    (whole,) = libraries(tmp_path)
    content = whole.read_bytes()
    whole.unlink()  # not written over: it is mapped into this process
    whole.write_bytes(content[: len(content) // 2])
    loaded = library.load(source, NUMBER=7)
    assert loaded is not None and loaded.number() == 7
    assert whole.read_bytes() == content


def test_a_compiler_without_openmp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As Apple's: one thread, the same numbers."""
    compiler = library.find_compiler()
    picky = tmp_path / "picky"
    picky.write_text(f'#!/bin/sh\ncase "$*" in *-fopenmp\\ *) exit 1;; esac\nexec {compiler} "$@"\n')
    picky.chmod(0o755)
    monkeypatch.setenv("CC", str(picky))
    unit, x = unit_of(nn.Conv2d(4, 6, 3)), torch.randn(IMAGES)
    assert_same(results(unit, "native", x), results(unit, "eager", x))


# Layouts of structs.


def changed(mirror: type[ctypes.Structure], fields: list[Any]) -> type[ctypes.Structure]:
    return type(mirror.__name__, (ctypes.Structure,), {"_fields_": fields})


FIELDS: list[Any] = list(Call._fields_)
WRONG = {
    "swapped": ([FIELDS[0], FIELDS[2], FIELDS[1], *FIELDS[3:]], r"'rows' of 8 bytes at byte \d+ .* but got 'channels'"),
    "narrower": ([FIELDS[0], ("rows", ctypes.c_int8), *FIELDS[2:]], "'rows' of 8 bytes .* but got 'rows' of 1 bytes"),
    "shorter": (FIELDS[:-1], r"'gates' of 8 bytes at byte \d+ .* but got its end"),
    "longer": ([*FIELDS, ("more", ctypes.c_long)], r"its end at byte \d+ .* but got 'more'"),
}


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_mirror_of_a_struct_refuses_the_library(change: str) -> None:
    fields, message = WRONG[change]
    macros = {"REAL": "float", "ACTIVATION": "SELU", "REFERENCE": 0, "RESIDUAL_GATE": 1, "CONSTANT_GATES": 0}
    macros |= {"TAPS": 0, "CHANNELS": 6}
    assert library.load(SOURCE, Call, **macros) is not None
    with pytest.raises(
        RuntimeError, match=f"Call must have {message}.*Make the ctypes structure and the C struct alike"
    ):
        library.load(SOURCE, changed(Call, fields), **macros)


def test_the_layout_of_nadam_is_checked_too() -> None:
    loaded = library.load(compiled_nadam.SOURCE, compiled_nadam.Parameter, REAL="double")
    assert loaded is not None
    fields: list[Any] = list(compiled_nadam.Parameter._fields_)
    with pytest.raises(RuntimeError, match=r"Parameter must have 'values' .* but got 'mean'"):
        check_layout(loaded, changed(compiled_nadam.Parameter, [*fields[:1], *fields[2:4], fields[1], *fields[4:]]))
