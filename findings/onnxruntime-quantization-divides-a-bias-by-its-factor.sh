#!/usr/bin/env bash
# Claim: onnxruntime's static quantization loses the factors of a Gemm's bias (beta; torch.addmm(beta=2) is exported as
#   one). The quantizer writes beta 1 in place of the model's, so that a runtime that follows the file adds the bias
#   once. It also puts beta into the step of the rounded bias; onnxruntime, as it optimizes unless told not to, fuses
#   the layer into QGemm, which takes another step: there the bias counts 1 / beta, so the larger the factor the less.
#   QuantFormat.QOperator writes such a QGemm itself, and in it alpha, which is of the products, scales the bias too.
#   Nothing warns. A Gemm whose factors are 1 is right.
# Guess before: an error of a percent or so, whatever the factors are; at worst the same wrong number in every mode.
# Versions: onnxruntime==1.32.0, onnx==1.23.2, numpy==2.3.5.
# Seen: how often the bias counts, float / file as written / file as onnxruntime optimizes it / QOperator: beta 2: 2.00,
#   1.00, 0.50, 0.50; beta 0.5: 0.50, 1.00, 1.96, 1.96 (2, but for values beyond the calibrated range); alpha 0.5: 1.00,
#   1.00, 1.00, 0.50; without factors 1.00 four times.
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
weight, bias = random.normal(size=(16, 5)).astype("float32"), np.arange(1, 10, 2, dtype="float32")
batches = [random.normal(size=(64, 16)).astype("float32") for _ in range(20)]


class Reader(CalibrationDataReader):
    def __init__(self):
        self.left = iter({"x": batch} for batch in batches)

    def get_next(self):
        return next(self.left, None)


def write(alpha, beta):
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "weight", "bias"], ["y"], alpha=alpha, beta=beta)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 5])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")


def run(file, optimize=True):
    options = onnxruntime.SessionOptions()
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": batches[0]})[0]


def bias_of(y, alpha):
    """Says how much of the bias is in outputs: their mean over what the products leave, as a multiple of the bias."""
    return float(((y - alpha * batches[0] @ weight).mean(0) / bias).mean())


expected = {
    (1.0, 1.0): (1, 1, 1, 1),
    (1.0, 2.0): (2, 1, 0.5, 0.5),
    (1.0, 0.5): (0.5, 1, 2, 2),
    (0.5, 1.0): (1, 1, 1, 0.5),
}
for (alpha, beta), counts in expected.items():
    write(alpha, beta)
    seen = [bias_of(run("float.onnx"), alpha)]
    for style, optimize in ((QuantFormat.QDQ, False), (QuantFormat.QDQ, True), (QuantFormat.QOperator, True)):
        quantize_static("float.onnx", "int8.onnx", Reader(), quant_format=style)
        seen.append(bias_of(run("int8.onnx", optimize), alpha))
    print(f"alpha {alpha}, beta {beta}: the bias counts", " ".join(f"{value:.2f}" for value in seen))
    assert all(abs(value - count) < 0.08 * count for value, count in zip(seen, counts)), (seen, counts)
PY
echo "as claimed"
