#!/usr/bin/env bash
# Claim: tract reads ONNX's RNN, GRU and LSTM without their attributes activations, clip and input_forget, and takes
#   direction="reverse" for forward: what it computes is the forward layer with sigmoid and tanh, whatever the file
#   says, and nothing is raised. nn.RNN(nonlinearity="relu") of torch is such a file (dynamo=False), and so is every
#   unit whose gates have other functions; a layer that runs backwards alone reads its sequence from the front.
#   "bidirectional" and linear_before_reset are right. onnxruntime obeys all of them.
# Guess before: tract computes what the file says, or refuses what it does not have.
# Versions: tract==0.23.9, onnx==1.23.2, onnxruntime==1.32.0 (numpy==2.3.5), CPU.
# Seen: largest distance of tract from onnxruntime, six steps, three units: reverse 1.47 (RNN), 0.59 (GRU), 0.15 (LSTM);
#   activations 0.98 (RNN, Relu), 0.10 and 0.99 (GRU, HardSigmoid; Relu), 0.10 (LSTM, Softsign); clip=0.3 0.72 (GRU),
#   0.21 (LSTM); input_forget 0.26; from onnxruntime on the same layer without the attribute 6e-7 at most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet tract==0.23.9 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.3.5
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import numpy as np
import onnx
import onnxruntime
import tract
from onnx import TensorProto, helper, numpy_helper

STEPS, INPUTS, HIDDEN = 6, 2, 3
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def recurrent(kind, directions=1, **attributes):
    """Returns an ONNX model of one recurrent layer with the same weights whatever its attributes are."""
    random = np.random.default_rng(0)
    sizes = {"W": (GATES[kind] * HIDDEN, INPUTS), "R": (GATES[kind] * HIDDEN, HIDDEN), "B": (2 * GATES[kind] * HIDDEN,)}
    weights = {name: random.normal(size=(directions, *size)).astype(np.float32) for name, size in sizes.items()}
    node = helper.make_node(kind, ["X", "W", "R", "B"], ["Y", "Y_h"], hidden_size=HIDDEN, **attributes)
    outputs = [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [STEPS, directions, 1, HIDDEN]),
               helper.make_tensor_value_info("Y_h", TensorProto.FLOAT, [directions, 1, HIDDEN])]
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [STEPS, 1, INPUTS])]
    stored = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph([node], "layer", inputs, outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_tract(model, x):
    onnx.save(model, "layer.onnx")
    outputs = tract.onnx().load("layer.onnx").into_model().into_runnable().run([x])
    return [output.to_numpy().copy() for output in outputs]


def by_onnxruntime(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": x})


def distance(one, other):
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


x = np.random.default_rng(1).normal(size=(STEPS, 1, INPUTS)).astype(np.float32)
cases = [(kind, {"direction": "reverse"}) for kind in GATES]
cases += [("RNN", {"activations": ["Relu"]}), ("GRU", {"activations": ["HardSigmoid", "Tanh"]}),
          ("GRU", {"activations": ["Sigmoid", "Relu"]}), ("LSTM", {"activations": ["Sigmoid", "Tanh", "Softsign"]}),
          ("GRU", {"clip": 0.3}), ("LSTM", {"clip": 0.3}), ("LSTM", {"input_forget": 1})]
for kind, attributes in cases:
    model, plain = recurrent(kind, **attributes), recurrent(kind)
    off = distance(by_tract(model, x), by_onnxruntime(model, x))
    without = distance(by_tract(model, x), by_onnxruntime(plain, x))
    print(f"{kind} {attributes}: tract is off by {off:.2f}, from the layer without it by {without:.0e}")
    assert off > 0.01 and without < 1e-4, (kind, attributes)
for kind, directions, attributes in (("GRU", 1, {}), ("LSTM", 1, {}), ("GRU", 2, {"direction": "bidirectional"}),
                                     ("LSTM", 2, {"direction": "bidirectional"}),
                                     ("GRU", 1, {"linear_before_reset": 1})):
    model = recurrent(kind, directions, **attributes)
    off = distance(by_tract(model, x), by_onnxruntime(model, x))
    print(f"{kind} {attributes}: tract is off by {off:.0e}")
    assert off < 1e-4, (kind, attributes)
PY
echo "as claimed"
