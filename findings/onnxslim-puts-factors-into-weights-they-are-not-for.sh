#!/usr/bin/env bash
# Claim: onnxslim changes what a network computes in two of its fusions, on by default and silent. A factor behind a
#   convolution goes into the weights wherever it has as many numbers as there are output channels, whichever axis it
#   is of: factors of columns (a window, a mask, a weight of positions, shape [8] or [1, 1, 1, 8]) or of rows become
#   factors of channels once the map is as wide or as high as there are channels. Its fusion of a summand looks at the
#   axis. And a factor behind Gemm and Reshape, as where attention scales its queries, goes into the Gemm even if other
#   nodes read the Gemm's output: they get scaled numbers. The checker passes the file; onnxslim compares results
#   only if told to (model_check). onnxsim computes the same as before in each case.
# Guess before: a factor is fused if it is one of channels and nobody else reads what it scales.
# Versions: onnxslim==0.1.98, onnxsim==0.8.1, onnxruntime==1.32.0, onnx==1.23.2, numpy==2.3.5.
# Seen: 8 channels, a map of 8 x 8, a Hann window over columns, largest difference to the file before relative to its
#   largest number: onnxslim 0.64 and 1.61 by the shape of the factor, over rows 0.90, over channels 0; onnxsim 0 each
#   time. ReLU of a Gemm's output that is also reshaped and halved: onnxslim gives the half, onnxsim the whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet onnxslim==0.1.98 onnxsim==0.8.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
"$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
import onnx
import onnxruntime
import onnxsim
import onnxslim
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)


def normal(*shape):
    return random.normal(size=shape).astype("float32")


def answers(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def compare(name, nodes, arrays, x, outputs):
    """Gives the outputs of a file, then those of what onnxslim and onnxsim make of it."""
    graph = helper.make_graph(
        nodes, "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None) for output in outputs],
        [numpy_helper.from_array(array, key) for key, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(model, full_check=True)
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    slim, (simplified, _) = onnxslim.slim(copy), onnxsim.simplify(model)
    onnx.checker.check_model(slim, full_check=True)
    before = answers(model, x)
    seen = [answers(after, x) for after in (slim, simplified)]
    wrong = [max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(after, before, strict=True)) for after in seen]
    print(f"{name}: onnxslim {[node.op_type for node in slim.graph.node]} {wrong[0]:.2f}, onnxsim {wrong[1]:.2f}")
    assert wrong[1] < 1e-5
    return before, seen[0], wrong[0]


window = np.hanning(8).astype("float32")
for shape, width, right in (
    ([8], 8, False),
    ([1, 1, 1, 8], 8, False),
    ([1, 1, 8, 1], 8, False),
    ([1, 8, 1, 1], 8, True),
    ([1, 1, 8, 1], 9, False),
    ([9], 9, True),
):
    factor = np.hanning(9).astype("float32") if shape == [9] else window.reshape(shape)
    nodes = [helper.make_node("Conv", ["x", "weight", "bias"], ["map"]), helper.make_node("Mul", ["map", "f"], ["y"])]
    arrays = {"weight": normal(8, 3, 1, 1), "bias": normal(8), "f": factor}
    *_, wrong = compare(f"factor {shape}, map of 8 x {width}", nodes, arrays, normal(1, 3, 8, width), ["y"])
    assert (wrong < 1e-5) == right and (right or wrong > 0.2)

nodes = [
    helper.make_node("Gemm", ["x", "weight", "bias"], ["features"], transB=1),
    helper.make_node("Reshape", ["features", "heads"], ["split"]),
    helper.make_node("Mul", ["split", "half"], ["queries"]),
    helper.make_node("Relu", ["features"], ["gate"]),
]
arrays = {"weight": normal(4, 5), "bias": normal(4), "heads": np.array([2, 2, 2]), "half": np.float32(0.5).reshape(())}
before, slim, wrong = compare("two readers", nodes, arrays, normal(2, 5), ["queries", "gate"])
assert np.allclose(slim[0], before[0]) and np.allclose(slim[1], before[1] / 2) and before[1].max() > 0.5
PY
echo "as claimed"
