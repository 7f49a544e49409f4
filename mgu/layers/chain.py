"""The parts of a network as one autograd.Function, where each of them is one.

In a small network a step is mostly bookkeeping: for each part torch makes a node of its graph, and somebody has to see
whether the part is what it was. A chain has one node, and is looked at once. It calls the same functions with the same
tensors in the same order, so its numbers are the same to the bit, but for a weight that is used three times or more:
autograd adds its gradients in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mgu.layers.direct_gradients import accumulate, are_promised
from mgu.layers.link import Link, Linked, find_link
from mgu.layers.tracing import is_traced, refuse_higher_order
from mgu.layers.watch import Watch

MOST_INPUTS = 8  # kinds of input that are remembered; the last batch of an epoch may be another one than the others
Parts = Iterable[Callable[[Tensor], Tensor]]
Links = Sequence[Link]
Known = tuple[Watch, dict[Any, Links]]  # by kind of input; no links: it cannot be one function


class Chain:
    """Computes a network as one function where that can be. A copy remembers nothing: it belongs to another network."""

    def __init__(self) -> None:
        self._known: Known | None = None

    def __reduce__(self) -> tuple[type[Chain], tuple[()]]:
        return type(self), ()

    def compute(
        self, network: nn.Module, list_parts: Callable[[], Parts], plain: Callable[[Tensor], Tensor], x: Tensor
    ) -> Tensor:
        """Applies the parts of a network in turn.

        Args:
            network: The network, which holds the parts.
            list_parts: Lists them in order.
            plain: Does the same without a chain.
            x: The input of the first.

        Returns:
            The output of the last.
        """
        if not _may_link(x):
            return plain(x)
        key, known = (x.dtype, x.shape, x.requires_grad), self._known  # once: other threads may call the same network
        if known is None or not known[0].is_current(network):
            known = _watch(network)
        if known is None:
            return plain(x)
        watch, by_input = self._known = known
        links = by_input.get(key)  # once, too
        if links is not None:
            is_direct = are_promised() and not watch.has_gradient_hooks
            return _apply_links(links, x, is_direct) if links else plain(x)
        if len(by_input) >= MOST_INPUTS:
            by_input.clear()
        if watch.has_hooks or not (x.requires_grad or _is_trained(network)):
            by_input[key] = ()
            return plain(x)
        by_input[key], out = _find_links(list_parts(), x)
        return out


def _watch(network: nn.Module) -> Known | None:
    """Returns what is known of a network that nobody has asked for yet; None for one that cannot be watched."""
    try:
        watch = Watch(network)
    except (RuntimeError, ValueError):  # some of its tensors are sparse, or not shaped yet
        return None
    return None if watch.has_graph else (watch, {})


def _may_link(x: Tensor) -> bool:
    """Tells whether a call may be computed as one function: on the CPU, and where gradients are recorded.

    Who packs the tensors that are kept for it, as checkpoints do, must see those of all parts.
    """
    return (
        x.is_cpu
        and torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
        and not torch.is_autocast_enabled("cpu")
        and not is_traced(x)
        and torch._C._autograd._top_saved_tensors_default_hooks(False) is None
    )


def _is_trained(network: nn.Module) -> bool:
    """Tells whether the first weight of a network is trained: else its first parts need not keep anything."""
    first = next(network.parameters(), None)
    return first is not None and first.requires_grad


def _find_links(parts: Parts, x: Tensor) -> tuple[Links, Tensor]:
    """Applies one part after the other, and returns their links, and the output.

    There are no links where a part has none, and of torch's modules alone, which have second derivatives.
    """
    links, is_ours = list[Link | None](), False
    for part in parts:
        links.append(find_link(part, x))
        is_ours |= isinstance(part, Linked)
        x = part(x)
    return [link for link in links if link] if all(links) and is_ours else (), x


def _apply_links(links: Links, x: Tensor, is_direct: bool) -> Tensor:
    """Applies one link after the other."""
    out: Tensor
    if is_direct:
        out = _DirectChain.apply(links, x, _ANCHOR)
    else:
        out = _Chain.apply(links, x, *(tensor for link in links for tensor in link.tensors))
    return out


class _Entry:
    """Stands for the `ctx` of one link, which keeps there what its backward pass needs."""

    def __init__(self, link: Link, needs_x: bool, needs: Sequence[bool]) -> None:
        self.link, self.saved_tensors = link, tuple[Tensor | None, ...]()
        self.needs_input_grad = *(False,) * len(link.before), needs_x, *(False,) * len(link.between), *needs

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors. Those that others may change are watched by the chain."""
        self.saved_tensors = tensors

    def backward(self, grad: Tensor) -> Sequence[Tensor | None]:
        """Returns the gradients of input and tensors, and frees what was kept, unless it will be asked for again."""
        before, between = len(self.link.before), len(self.link.between)
        gradients = self.link.function.backward(self, grad)
        if not torch._C._autograd._get_current_graph_task_keep_graph():
            self.saved_tensors = ()
        return gradients[before], *gradients[before + 1 + between :]


def _forward(links: Links, x: Tensor, needs_x: bool) -> tuple[list[_Entry], Tensor]:
    """Calls the forward passes of all links in turn; returns what their backward passes need, and the output."""
    entries = list[_Entry]()
    for link in links:
        needs = [tensor is not None and tensor.requires_grad for tensor in link.tensors]
        entry: Any = _Entry(link, needs_x, needs)
        x = link.function.forward(entry, *link.before, x, *link.between, *link.tensors)
        entries.append(entry)
        needs_x = needs_x or any(needs)
    return entries, x


class _Chain(torch.autograd.Function):
    """Calls the forward passes of all links in turn, and their backward passes in reverse."""

    @staticmethod
    def forward(ctx: Any, links: Links, x: Tensor, *tensors: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, *tensors)
        ctx.entries, out = _forward(links, x, ctx.needs_input_grad[1])
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None) -> tuple[Tensor | None, ...]:
        assert grad is not None
        refuse_higher_order(grad, "eager")
        _ = ctx.saved_tensors  # raises where one of them was changed, or all are freed
        gradients: list[Tensor | None] = []
        for entry in reversed(ctx.entries):
            of_link: Sequence[Tensor | None] = (None,) * len(entry.link.tensors)
            if grad is not None:
                grad, *of_link = entry.backward(grad)
            gradients[:0] = of_link
        return None, grad, *gradients


_ANCHOR = torch.zeros((), requires_grad=True)  # for the graph to reach a chain whose parameters it does not know


class _DirectChain(torch.autograd.Function):
    """Does the same, but keeps the gradients of the parameters from the engine: see mgu/layers/direct_gradients.py."""

    @staticmethod
    def forward(ctx: Any, links: Links, x: Tensor, anchor: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        ctx.entries, out = _forward(links, x, ctx.needs_input_grad[1])
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None) -> tuple[Tensor | None, ...]:
        assert grad is not None
        refuse_higher_order(grad, "eager")
        _ = ctx.saved_tensors  # raises where it was changed, or freed
        for entry in reversed(ctx.entries):
            if grad is None:
                break
            grad, *of_link = entry.backward(grad)
            for tensor, gradient in zip(entry.link.tensors, of_link, strict=True):
                if tensor is not None and gradient is not None:
                    accumulate(tensor, gradient)
        return None, grad, None
