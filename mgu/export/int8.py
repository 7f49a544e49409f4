"""Weights and, in ONNX, activations in eight bits.

A torch.export program keeps weights of layers as int8 with a scale for each output channel, and computes in float32:
the file is about a quarter as large. ONNX Runtime's static quantization (https://onnxruntime.ai/docs/performance/
model-optimizations/quantization.html) also computes convolutions and products in int8; the ranges of activations come
from training examples.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mgu.errors import UserError

LARGEST = 127
NOTHING: Mapping[str, str] = MappingProxyType({})
QUANTIZED = ("Conv", "Gemm", "MatMul")  # operations of ONNX


class Int8Weights(nn.Module):
    """Computes what a module does, with the weights of its layers rounded to int8.

    Vectors, such as biases and norms, stay as they are; so do running statistics.

    Args:
        module: The module, which is not kept.

    Shape:
        As the module's own: its inputs and its output.

    Raises:
        UserError: It has no weights to round.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.names, self.rounded = list[str](), list[bool]()
        for name, value in (*module.named_parameters(), *module.named_buffers()):
            is_weight = isinstance(value, nn.Parameter) and value.dim() > 1
            kept = value.detach()
            if is_weight:
                scale = kept.abs().flatten(1).amax(dim=1).clamp(min=1e-12) / LARGEST
                scale = scale.view(-1, *[1] * (kept.dim() - 1))
                kept = (kept / scale).round().clamp(-LARGEST, LARGEST).to(torch.int8)
                self.register_buffer(f"scale_{len(self.names)}", scale)
            self.register_buffer(f"value_{len(self.names)}", kept)
            self.names.append(name)
            self.rounded.append(is_weight)
        if not any(self.rounded):
            raise UserError(
                "--quantize int8 must have weights to round, which are parameters of two dimensions or more, but the "
                "network has none. Leave --quantize out."
            )
        self._module = [module]  # in a list, so that its weights are no part of this one

    def forward(self, *raw: Tensor) -> Tensor:
        values = {}
        for index, (name, is_rounded) in enumerate(zip(self.names, self.rounded, strict=True)):
            value: Any = getattr(self, f"value_{index}")
            values[name] = value.to(torch.float32) * getattr(self, f"scale_{index}") if is_rounded else value
        outputs: Tensor = functional_call(self._module[0], values, raw)
        return outputs


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Silences the advice that the quantizer logs, on what the exporter has done already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _name_nodes(model: Any) -> None:
    """Gives names to nodes without: of those that share a bias, the quantizer would round it for one of them.

    See findings/onnxruntime-quantization-scales-a-shared-bias-for-one-layer.sh.
    """
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type} {index}"


def _find_scaled_products(model: Any) -> list[str]:
    """Returns the names of products whose terms have factors, as of torch.addmm(beta=2).

    The quantizer loses the factors, see findings/onnxruntime-quantization-divides-a-bias-by-its-factor.sh.
    """
    return [
        str(node.name)
        for node in model.graph.node
        if node.op_type == "Gemm" and any(own.f != 1 for own in node.attribute if own.name in ("alpha", "beta"))
    ]


def quantize_onnx(content: bytes, examples: Sequence[dict[str, Any]], about: Mapping[str, str] = NOTHING) -> bytes:
    """Quantizes an ONNX file to int8.

    Args:
        content: The content of the file.
        examples: Training examples by name of the input, in batches, which show the ranges of activations.
        about: Metadata to add.

    Returns:
        The content of the quantized file, with the same inputs, outputs and metadata.

    Raises:
        UserError: It has no operation that is quantized.
    """
    import onnx
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
        def __init__(self) -> None:
            self.left: Iterator[dict[str, Any]] = iter(examples)

        def get_next(self) -> dict[str, Any] | None:
            return next(self.left, None)

    model = onnx.load_from_string(content)
    _name_nodes(model)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "int8.onnx"
        onnxruntime.set_default_logger_severity(3)  # errors: it warns of initial values that no node uses
        with _without_warnings():
            quantize_static(
                model,
                file,
                Reader(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(QUANTIZED),
                nodes_to_exclude=_find_scaled_products(model),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                reduce_range=True,  # seven bits: on processors without VNNI sums of products of eight overflow
            )
        written = onnx.load(file)
    if not any(node.op_type == "DequantizeLinear" for node in written.graph.node):
        raise UserError(
            f"--quantize int8 must have operations to quantize, in ONNX {', '.join(QUANTIZED)} with weights, but the "
            "network has none. Leave --quantize out, or export it by --to torch, which rounds weights."
        )
    if not written.metadata_props:
        written.metadata_props.extend(onnx.load_from_string(content).metadata_props)
    for key, value in about.items():
        written.metadata_props.add(key=key, value=value)
    quantized: bytes = written.SerializeToString()
    return quantized
