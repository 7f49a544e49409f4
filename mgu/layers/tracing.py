"""Whether torch looks into a call, so that it must see its own operations and not a compiled function of ours."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules.module import _has_any_global_hook


def is_traced(x: Tensor) -> bool:
    """Tells whether torch traces or transforms this call, or has no numbers for it.

    A dispatch mode is how torch counts, traces and fakes; a level of forward_ad is how it derives forward; a global
    hook must see every module called.

    Args:
        x: The input of the call.

    Returns:
        False where a compiled function may compute it, and for torch.compile, which is asked about separately.
    """
    if torch.compiler.is_compiling():
        return torch.compiler.is_exporting()
    return (
        x.is_meta
        or type(x) not in (Tensor, nn.Parameter)
        or torch.jit.is_tracing()
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack() > 0
        or forward_ad._current_level >= 0
        or _has_any_global_hook()
    )


def refuse_higher_order(grad: Tensor, others: str) -> None:
    """Checks that a compiled backward pass is asked for numbers only: derivatives of them would be silently missing.

    Args:
        grad: The gradient that it gets.
        others: The engines that can do more, for the message.

    Raises:
        RuntimeError: It is asked for second derivatives, or for a batch of gradients.
    """
    if torch.is_grad_enabled():  # by create_graph=True
        raise RuntimeError(f"engine must be {others} for second derivatives, but got native. Set its engine.")
    if torch._C._functorch.is_batchedtensor(grad) or torch._C._functorch.is_legacy_batchedtensor(grad):
        raise RuntimeError(f"engine must be {others} for batched gradients, but got native. Set its engine.")
