"""What int8 leaves as it is, is not called int8."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from mgu.errors import UserError
from mgu.export.int8 import quantize_onnx

WEIGHTS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def model(operation: str) -> bytes:
    """An ONNX file of one operation on rows (2, 4) and weights."""
    weights = WEIGHTS if operation == "MatMul" else WEIGHTS.T[0]
    graph = helper.make_graph(
        [helper.make_node(operation, ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3 if operation == "MatMul" else 4])],
        [numpy_helper.from_array(weights, "w")],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(whole.SerializeToString())


def test_a_network_without_products_has_nothing_to_quantize() -> None:
    examples = [{"x": np.ones((2, 4), np.float32)}]
    with pytest.raises(UserError, match=r"must have operations to quantize, in ONNX Conv, Gemm, MatMul"):
        quantize_onnx(model("Mul"), examples)
    small = onnx.load_from_string(quantize_onnx(model("MatMul"), examples, {"weights": "int8"}))
    assert TensorProto.INT8 in {own.data_type for own in small.graph.initializer}
    assert {entry.key: entry.value for entry in small.metadata_props}["weights"] == "int8"


def layers(factor: float) -> bytes:
    """An ONNX file of a layer, and of one whose bias counts `factor` times, on rows (2, 4)."""
    threes = np.full(3, 3.0, np.float32)
    kept = {"w": WEIGHTS, "b": threes, "v": WEIGHTS.T[:, :3], "c": threes}
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], name="first"),
        helper.make_node("Gemm", ["h", "v", "c"], ["y"], beta=factor),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(value, name) for name, value in kept.items()],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(whole.SerializeToString())


@pytest.mark.parametrize("factor", [1.0, 2.0, 0.5])
def test_the_bias_of_a_product_keeps_its_factor(factor: float) -> None:
    """The quantizer made it 1, and onnxruntime then 1 / factor; with a factor the layer stays as it is."""
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    quantized = quantize_onnx(layers(factor), [{"x": x}])
    own, rounded = (
        onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
        for content in (layers(factor), quantized)
    )
    assert np.abs(own - rounded).max() < 0.25  # of a bias of 3
    kept = {own.name for own in onnx.load_from_string(quantized).graph.initializer}
    assert ("v" in kept) == (factor != 1.0) and "w" not in kept


def test_a_bias_that_unnamed_layers_share_keeps_its_size_in_both() -> None:
    """Inputs of other sizes have other steps: the quantizer rounded the bias by those of one of the layers."""
    nodes = [helper.make_node("Gemm", [source, "w", "b"], [target]) for source, target in ("xy", "zu")]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 4 if name in "xz" else 3]) for name in "xzyu"]
    bias = np.arange(1, 4, dtype=np.float32)
    kept = [numpy_helper.from_array(WEIGHTS, "w"), numpy_helper.from_array(bias, "b")]
    graph = helper.make_graph(nodes, "g", values[:2], values[2:], kept)
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    given = {"x": x, "z": 0.02 * x}
    content = bytes(whole.SerializeToString())
    own, rounded = (
        onnxruntime.InferenceSession(each, providers=["CPUExecutionProvider"]).run(None, given)
        for each in (content, quantize_onnx(content, [given]))
    )
    for before, after in zip(own, rounded, strict=True):
        assert np.abs(before - after).max() < 0.1  # of a bias of 3
