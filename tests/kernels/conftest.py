from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernels.interpreted import interpreted


@pytest.fixture(scope="module")
def on_the_cpu() -> Iterator[None]:
    """Kernels are interpreted, not compiled, in this module."""
    with interpreted():
        yield
