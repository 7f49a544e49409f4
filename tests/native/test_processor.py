"""What /proc/cpuinfo says of processors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mgu.native import processor


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What was read of this machine's processor is no answer to a test, nor the other way round."""
    processor.is_amd.cache_clear()
    yield
    processor.is_amd.cache_clear()


@pytest.mark.parametrize(
    ("lines", "is_amd"),
    [
        (["vendor_id\t: AuthenticAMD", "vendor_id\t: AuthenticAMD"], True),
        (["vendor_id\t: GenuineIntel"], False),
        ([], False),  # ARM has no such line, macOS no such file
    ],
)
def test_vendors_are_told_apart(lines: list[str], is_amd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_cpuinfo", lambda *keys: [line for line in lines if line.startswith(keys)])
    assert processor.is_amd() is is_amd
