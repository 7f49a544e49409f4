#!/usr/bin/env bash
# Claim: OpenVINO's ReLU turns NaN into 0 on a CPU. A network whose weights are NaN, as after a training that diverged,
#   so answers with finite numbers: a classifier with the softmax of its last bias, the same for every input. Tests that
#   an output is finite, or that probabilities sum to 1, pass. onnxruntime and ONNX's reference say NaN; so does
#   OpenVINO with LeakyRelu, Tanh, Sigmoid or Elu.
# Guess before: NaN goes through a network whatever runs it, so that a broken file is seen by its first answer.
# Versions: openvino==2026.4.1, onnxruntime==1.32.0, onnx==1.23.2 (numpy==2.3.5), x86-64 CPU. Reported as issue 35649.
# Seen: all weights of the first layer NaN, last bias 0: onnxruntime and the reference nan, OpenVINO 0.333 for all three
#   classes of every input; an input of NaN the same. With LeakyRelu, Tanh, Sigmoid and Elu: nan in all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

core, random = openvino.Core(), np.random.default_rng(0)
sound = random.standard_normal((8, 4))


def answers(activation, first, x):
    """Say what a network of two layers says of two examples, by onnxruntime, by the reference and by OpenVINO."""
    weights = {"W": first, "V": random.standard_normal((3, 8)), "bias": np.zeros(3)}
    nodes = [helper.make_node("Gemm", ["X", "W"], ["H"], transB=1), helper.make_node(activation, ["H"], ["A"]),
             helper.make_node("Gemm", ["A", "V", "bias"], ["Z"], transB=1),
             helper.make_node("Softmax", ["Z"], ["Y"], axis=1)]
    graph = helper.make_graph(
        nodes, "network", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [2, 4])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [2, 3])],
        [helper.make_tensor(name, TensorProto.FLOAT, a.shape, a.ravel()) for name, a in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    serialized, x = model.SerializeToString(), x.astype(np.float32)
    runtime = onnxruntime.InferenceSession(serialized, providers=["CPUExecutionProvider"])
    return (runtime.run(None, {"X": x})[0], ReferenceEvaluator(model).run(None, {"X": x})[0],
            core.compile_model(core.read_model(serialized, b""), "CPU")([x])[0])


x, diverged = random.standard_normal((2, 4)), np.full((8, 4), np.nan)
cases = {"sound weights": (sound, x), "weights of NaN": (diverged, x), "input of NaN": (sound, x * np.nan)}
for name, (first, of) in cases.items():
    runtime, reference, openvinos = answers("Relu", first, of)
    print(f"{name}: onnxruntime {runtime[0]}, reference {reference[0]}, OpenVINO {openvinos[0]}")
    if name == "sound weights":
        np.testing.assert_allclose(openvinos, runtime, atol=0.05)
    else:
        assert np.isnan(runtime).all() and np.isnan(reference).all(), name
        np.testing.assert_allclose(openvinos, 1 / 3, atol=1e-3)
for activation in ("LeakyRelu", "Tanh", "Sigmoid", "Elu"):
    assert all(np.isnan(said).all() for said in answers(activation, diverged, x)), activation
PY
echo "as claimed"
