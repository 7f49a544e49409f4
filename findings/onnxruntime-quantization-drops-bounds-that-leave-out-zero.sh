#!/usr/bin/env bash
# Claim: onnxruntime's static quantization deletes a Clip after a convolution whatever its bounds are, since the range
#   of the rounded values ends where the Clip does. But rounded ranges always include zero: a lower bound above zero, or
#   an upper bound below zero, is gone, and what lies between it and zero comes out. torch.clamp(x, min=0.1) before a
#   logarithm or a division, which an exported network has for that reason alone, gives 0, and then minus infinity.
#   Without Clip among op_types_to_quantize it stays.
# Guess before: a bound is kept to within a step of the rounding (1/255 of the range), as it is for ReLU6.
# Versions: onnxruntime==1.32.0, onnx==1.23.2, numpy==2.3.5.
# Seen: smallest output of the float and of the quantized file (both formats): min=0 0.000, 0.000; min=0.1 0.100, 0.000;
#   min=1 1.000, 0.000; largest with max=-0.1 -0.100, 0.000. Logarithm of min=0.1: -2.303, -inf. With
#   op_types_to_quantize=["Conv"]: 0.100.
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
weight = random.normal(size=(4, 3, 3, 3)).astype("float32") * np.float32(0.2)
batches = [random.normal(size=(16, 3, 8, 8)).astype("float32") for _ in range(10)]


class Reader(CalibrationDataReader):
    def __init__(self):
        self.left = iter({"x": batch} for batch in batches)

    def get_next(self):
        return next(self.left, None)


def write(bounds, logarithm=False):
    """Writes a convolution whose outputs are clipped, and perhaps their logarithm."""
    initial = {"weight": weight} | {name: np.float32(value) for name, value in bounds.items()}
    names = ["a", *(name if name in bounds else "" for name in ("min", "max"))]
    nodes = [helper.make_node("Conv", ["x", "weight"], ["a"]), helper.make_node("Clip", names, ["c"])]
    nodes.append(helper.make_node("Log" if logarithm else "Identity", ["c"], ["y"]))
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 4, 6, 6])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in initial.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "float.onnx")


def run(file):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": batches[0]})[0]


def quantized(**options):
    quantize_static("float.onnx", "int8.onnx", Reader(), **options)
    kinds = [node.op_type for node in onnx.load("int8.onnx").graph.node]
    return run("int8.onnx"), "Clip" in kinds


for bounds in ({"min": 0.0}, {"min": 0.1}, {"min": 1.0}, {"max": -0.1}):
    write(bounds)
    bound = np.min if "min" in bounds else np.max
    before = bound(run("float.onnx"))
    for style in (QuantFormat.QDQ, QuantFormat.QOperator):
        after, is_kept = quantized(quant_format=style)
        print(f"{bounds} {style.name}: float {before:.3f}, quantized {bound(after):.3f}, Clip kept: {is_kept}")
        assert abs(before - next(iter(bounds.values()))) < 1e-6 and bound(after) == 0 and not is_kept
write({"min": 0.1})
after, is_kept = quantized(op_types_to_quantize=["Conv"])
print(f"op_types_to_quantize Conv: {after.min():.3f}, Clip kept: {is_kept}")
assert is_kept and abs(after.min() - 0.1) < 1e-6
write({"min": 0.1}, logarithm=True)
with np.errstate(divide="ignore"):
    before, (after, _) = run("float.onnx"), quantized()
print(f"logarithm: {before.min():.3f}, quantized {after.min():.3f}")
assert np.isfinite(before).all() and np.isneginf(after).any()
PY
echo "as claimed"
