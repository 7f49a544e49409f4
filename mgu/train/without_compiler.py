"""Keeps torch's compiler out of processes that do not compile: it takes longer to import than torch."""

from __future__ import annotations

from torch.optim import Optimizer

METHODS = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def leave_compiler_out() -> None:
    """Has torch's optimizers call these methods as they are.

    They are never called in a compiled function here, and yet torch imports torch._dynamo (the whole compiler) at the
    first call of each, only to leave it out of compiled functions. `torch/_compile.py` looks for this attribute first.
    """
    for name in METHODS:
        method = getattr(getattr(Optimizer, name), "__wrapped__", None)
        if method is not None:
            method.__dict__.setdefault("__dynamo_disable", method)
