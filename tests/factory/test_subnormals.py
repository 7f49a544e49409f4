"""Numbers too small for full precision are zero in a run, on all its threads: processors are slow with them."""

from __future__ import annotations

import torch

from mgu.factory.device import set_up_torch
from mgu.isolation import Send, call


def count_subnormals(send: Send) -> tuple[bool, int]:
    """Returns whether this processor can flush them, and how many values of a large product of two are not zero."""
    set_up_torch(torch.device("cpu"), threads=2, deterministic=False, tf32=False)
    is_able = torch.set_flush_denormal(True)
    return is_able, int((torch.full((2_000_000,), 1e-20) * 1e-20).count_nonzero())


def test_a_process_that_trains_takes_them_for_zero() -> None:
    is_able, count = call("tests.factory.test_subnormals:count_subnormals")
    assert not is_able or count == 0
    assert (torch.full((2,), 1e-20) * 1e-20).count_nonzero() == 2  # but nothing is changed for whoever imports the unit
