"""Parameters of several equal layers in one storage, so that the weight of the packed layer is a view, not a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

OWN_USERS = 2  # of a storage that is one parameter's alone: the parameter, and the object that asks


def packed_parameters(layers: Sequence[Any]) -> tuple[Tensor, Tensor | None]:
    """Returns weight and bias of the packed layer, whose slices along the first axis are those of the layers.

    The layers' parameters keep their names and identities, but from the first call on they are views of one storage.
    Where something moves them apart (`.to(...)`), the next call joins them again. Where others hold their memory (a
    flat buffer of an optimizer, a state_dict, another process) it leaves them there and returns a copy.

    Args:
        layers: Modules with a `weight` and a `bias`, which may be None, of equal shapes.

    Shape:
        Weights (C, *) and biases (C,) of N layers: returns (N * C, *) and (N * C,).

    Returns:
        Weight and bias, differentiable with respect to those of the layers.
    """
    weights = [layer.weight for layer in layers]
    biases = [] if layers[0].bias is None else [layer.bias for layer in layers]
    if torch.compiler.is_compiling():  # addresses are unknown
        return torch.cat(weights), torch.cat(biases) if biases else None
    weight, bias = _Pack.apply(len(layers), *weights, *biases)
    return weight, bias


class _Pack(torch.autograd.Function):
    """Joins weights, and biases, into one tensor each; the backward pass splits their gradients."""

    @staticmethod
    def forward(ctx: Any, count: int, *parameters: Tensor) -> tuple[Tensor, Tensor | None]:
        ctx.count = count
        biases = parameters[count:]
        return join_storage(parameters[:count]), join_storage(biases) if biases else None

    @staticmethod
    def backward(ctx: Any, d_weight: Tensor, d_bias: Tensor | None) -> tuple[Tensor | None, ...]:
        weights = torch.unsafe_chunk(d_weight, ctx.count)
        return None, *weights, *(() if d_bias is None else torch.unsafe_chunk(d_bias, ctx.count))


def join_storage(tensors: Sequence[Tensor]) -> Tensor:
    """Returns one tensor of which the given ones are slices along the first axis from now on.

    Args:
        tensors: Parameters or buffers of equal shapes; their `data` is replaced by the slices.

    Shape:
        N tensors (C, *): returns (N * C, *).

    Returns:
        The tensor that they are slices of; a copy, with the tensors as they were, where others hold their memory.
    """
    first = tensors[0]
    size, start, storage = first.numel() * first.element_size(), first.data_ptr(), first.untyped_storage().data_ptr()
    stride = first.stride()
    layouts = [(tensor.data_ptr(), tensor.untyped_storage().data_ptr(), tensor.stride()) for tensor in tensors]
    is_dense = first.shape[0] * stride[0] == first.numel()
    if is_dense and layouts == [(start + i * size, storage, stride) for i in range(len(tensors))]:
        return first.detach().as_strided((len(tensors) * first.shape[0], *first.shape[1:]), stride)
    with torch.inference_mode(first.is_inference()):  # inference tensors could not be trained later
        joined = torch.cat([tensor.detach() for tensor in tensors])
        if not all(map(_owns_memory, tensors)):
            return joined
        for tensor, part in zip(tensors, joined.chunk(len(tensors)), strict=True):
            tensor.data = part
    return joined


def _owns_memory(tensor: Tensor) -> bool:
    """Tells whether nothing else uses the memory of this tensor."""
    storage = tensor.untyped_storage()
    is_whole = storage.nbytes() == tensor.nbytes and not (tensor.is_cpu and storage.is_shared())
    return is_whole and torch._C._storage_Use_Count(storage._cdata) <= OWN_USERS


def guard_weights(out: Tensor, layers: Sequence[Any]) -> Tensor:
    """Returns `out`, whose backward pass raises RuntimeError if a weight has changed since.

    autograd makes this check for the tensors that it saves, but here it saves the packed weight.
    """
    if out.requires_grad and not torch.compiler.is_compiling():
        weights = [layer.weight for layer in layers]
        version = _version(weights)

        def check(gradient: Tensor) -> None:
            if _version(weights) != version:
                raise RuntimeError(
                    "a weight of the unit has been modified by an inplace operation since the forward pass"
                )

        out.register_hook(check)
    return out


def _version(parameters: Sequence[Tensor]) -> int:
    """Returns a number that grows with every change in place; inference tensors have no count and are not trained."""
    return sum(parameter._version for parameter in parameters if not parameter.is_inference())
