"""Numbers too small for full precision are zero in a run, on all its threads: processors are slow with them."""

from __future__ import annotations

import msgspec
import torch

import mgu
from mgu.factory.device import set_up_torch
from mgu.isolation import Send, call
from mgu.results.on_disk.result_file import decode_result
from tests.examples import example_result


def count_subnormals(send: Send, is_run: bool) -> tuple[bool, int]:
    """Returns whether this processor can flush them, and how many values of a large product of two are not zero."""
    if is_run:
        set_up_torch(torch.device("cpu"), threads=2, deterministic=False, tf32=False)
    else:
        mgu.MultiGatedUnit(torch.nn.Linear(3, 3))(torch.ones(2, 3)).sum().backward()
    count = int((torch.full((2_000_000,), 1e-20) * 1e-20).count_nonzero())
    return torch.set_flush_denormal(True), count


def test_a_process_that_trains_takes_them_for_zero() -> None:
    is_able, count = call("tests.factory.test_subnormals:count_subnormals", True)
    assert not is_able or count == 0


def refuses_zero(send: Send) -> str:
    """Returns why a result with a learning rate of zero is refused in a process that trains."""
    set_up_torch(torch.device("cpu"), threads=1, deterministic=False, tf32=False)
    plain = msgspec.to_builtins(example_result(schema_version=4))
    plain["config"] = {"training": {"epochs": 30}, "optimizer": {"lr": 0}}
    try:
        decode_result(msgspec.json.encode(plain))
    except ValueError as error:
        return str(error)
    return ""


def test_a_process_that_trains_still_tells_zero_from_a_positive_number() -> None:
    assert "lr" in call("tests.factory.test_subnormals:refuses_zero")


def test_nothing_is_changed_for_whoever_has_a_unit_in_a_program_of_his_own() -> None:
    assert call("tests.factory.test_subnormals:count_subnormals", False)[1] == 2_000_000
