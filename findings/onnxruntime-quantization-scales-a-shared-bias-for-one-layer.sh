#!/usr/bin/env bash
# Claim: static quantization of onnxruntime with QuantFormat.QOperator scales a bias that two layers share, as they do
#   where one layer is used twice (siamese networks, unrolled cells, tied heads). A bias is rounded in steps of the
#   step of the layer's input times that of its weights, and is written as whole numbers without a step of its own. It
#   is written once, by the steps of the first layer; the second reads the same whole numbers by its own. Whoever has
#   an input 50 times smaller has a bias 50 times smaller, silently: Gemm and Conv, tensor by tensor or by channels.
#   QuantFormat.QDQ gives each layer its bias where nodes have names. Names are optional in ONNX: Gemms without take
#   the bias of the last one. With its step in the file that is right as written; onnxruntime, as it optimizes unless
#   told not to, fuses the layers into QGemm, which takes another step, and then the first layer is wrong.
# Guess before: a shared array is quantized once for each layer that reads it, or the layers stay in float32.
# Versions: onnxruntime==1.32.0, onnx==1.23.2, numpy==2.3.5.
# Seen: how often the bias counts in the layer of the large and of the small input: float32 1.00, 1.00; QOperator 1.00,
#   0.02, with an input 50 times larger in the second 1.00, 49.99; QDQ with names 1.00, 1.01, Gemms without 0.02, 1.01
#   (5.75, limited by the calibrated range of 1.00, where the second input is the smaller one).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
cd "$folder"
env/bin/python -W ignore - <<'PY'
import logging

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

logging.disable(logging.WARNING)
random = np.random.default_rng(0)
weight, bias = random.normal(size=(4, 4)).astype("float32"), np.arange(1, 5, dtype="float32")
inputs = [random.normal(size=(1_000, 4)).astype("float32") for _ in range(10)]


class Reader(CalibrationDataReader):
    def __init__(self, batches):
        self.left = iter(batches)

    def get_next(self):
        return next(self.left, None)


def write(kind, names):
    """Writes one layer that is used for two inputs, x and z."""
    rest = [1, 1] if kind == "Conv" else []
    shape = [None, 4, *rest]
    nodes = [helper.make_node(kind, [x, "weight", "bias"], [y], name=name)
             for x, y, name in zip("xz", ("of_x", "of_z"), names, strict=True)]
    given = weight.T.reshape(4, 4, 1, 1) if kind == "Conv" else weight
    graph = helper.make_graph(
        nodes, "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xz"],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("of_x", "of_z")],
        [numpy_helper.from_array(given, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")


def counts(kind, names, style, per_channel, factor):
    """Says how often the bias counts in both layers, in float32 and quantized."""
    write(kind, names)
    shape = (-1, 4, 1, 1) if kind == "Conv" else (-1, 4)
    batches = [{"x": x.reshape(shape), "z": (factor * x).reshape(shape)} for x in inputs]
    quantize_static("float.onnx", "int8.onnx", Reader(batches), quant_format=style, per_channel=per_channel)
    seen = []
    for file in ("float.onnx", "int8.onnx"):
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        for size, y in zip((1, factor), session.run(None, batches[0]), strict=True):
            seen.append(float(((y.reshape(-1, 4) - size * inputs[0] @ weight).mean(0) / bias).mean()))
    return seen


for kind in ("Gemm", "Conv"):
    for per_channel in (False, True):
        for factor in (0.02, 50):
            for style in (QuantFormat.QOperator, QuantFormat.QDQ):
                for names in (("first", "second"), ("", "")):
                    *float32, first, second = counts(kind, names, style, per_channel, factor)
                    print(f"{kind}{' by channels' * per_channel}, input {factor} times as large, {style}, "
                          f"{'' if names[0] else 'un'}named: {first:.2f}, {second:.2f}")
                    assert np.allclose(float32, 1, atol=1e-3)
                    right = style == QuantFormat.QDQ and (names[0] or kind == "Conv")
                    if right:
                        assert abs(first - 1) < 0.1 and abs(second - 1) < 0.25
                    elif style == QuantFormat.QOperator:
                        assert abs(first - 1) < 0.1 and abs(second - factor) < max(0.03, 0.1 * factor)
                    else:
                        assert abs(first - 1) > 0.2 or abs(second - 1) > 0.2
PY
echo "as claimed"
