"""What /proc/cpuinfo says of processors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mgu.native import processor


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What was read of this machine's processor is no answer to a test, nor the other way round."""
    processor.has_narrow_mkl.cache_clear()
    yield
    processor.has_narrow_mkl.cache_clear()


AMD, WIDE = "vendor_id\t: AuthenticAMD", "flags\t\t: fpu avx2 avx512f avx512dq"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([AMD, WIDE, AMD, WIDE], True),
        ([AMD, "flags\t\t: fpu avx2"], False),  # Zen 3 has no more than MKL uses
        (["vendor_id\t: GenuineIntel", WIDE], False),
        ([], False),  # ARM has no such line, macOS no such file
    ],
)
def test_who_leaves_vectors_unused(lines: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_cpuinfo", lambda *keys: [line for line in lines if line.startswith(keys)])
    assert processor.has_narrow_mkl() is expected
