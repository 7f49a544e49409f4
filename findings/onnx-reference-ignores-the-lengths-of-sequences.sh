#!/usr/bin/env bash
# Claim: the reference implementation that ONNX ships (onnx.reference.ReferenceEvaluator), by which exporters and
#   runtimes are checked, ignores the inputs and attributes sequence_lens, clip and activations of RNN, LSTM and GRU: a
#   short sequence is run on through its padding, and its "last state" (Y_h) is one of the padding. Nothing is raised.
#   onnxruntime obeys the lengths and the activations, as the operators' specification has them.
# Guess before: the reference computes what the specification says, or raises that it cannot.
# Versions: onnx==1.23.2, onnxruntime==1.32.0 (numpy==2.3.5), CPU.
# Seen: last state of a sequence of 2 steps in a batch padded to 4, against that of the 2 steps alone: onnxruntime the
#   same, the reference 0.20 (GRU), 0.05 (LSTM) and 0.64 (RNN) away, exactly as without lengths. With HardSigmoid gates,
#   and with clip, the reference says exactly what it says without; onnxruntime's answer is 0.14 away from that.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

GATES, HIDDEN, FEATURES = {"GRU": 3, "LSTM": 4, "RNN": 1}, 3, 2


def last_states(kind, x, lengths=None, **attributes):
    """Say the last states of a layer with fixed random weights: by onnxruntime, and by the reference."""
    random, rows = np.random.default_rng(0), GATES[kind] * HIDDEN
    constants = {"W": random.standard_normal((1, rows, FEATURES)), "R": random.standard_normal((1, rows, HIDDEN)),
                 "B": random.standard_normal((1, 2 * rows))}
    initial = [helper.make_tensor(name, TensorProto.FLOAT, a.shape, a.ravel()) for name, a in constants.items()]
    if lengths:
        initial.append(helper.make_tensor("lengths", TensorProto.INT32, [len(lengths)], lengths))
    node = helper.make_node(kind, ["X", "W", "R", "B", "lengths" if lengths else ""], ["Y", "Y_h"],
                            hidden_size=HIDDEN, **attributes)
    told = helper.make_tensor_value_info("X", TensorProto.FLOAT, x.shape)
    asked = helper.make_tensor_value_info("Y_h", TensorProto.FLOAT, [1, x.shape[1], HIDDEN])
    graph = helper.make_graph([node], "layer", [told], [asked], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    runtime = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return runtime.run(None, {"X": x})[0][0], ReferenceEvaluator(model).run(None, {"X": x})[0][0]


batch = np.random.default_rng(1).standard_normal((4, 2, FEATURES)).astype(np.float32)
for kind in GATES:
    alone, _ = last_states(kind, batch[:2, 1:])
    runtime, reference = last_states(kind, batch, lengths=[4, 2])
    _, without_lengths = last_states(kind, batch)
    print(f"{kind}: from the true last state of the short sequence: onnxruntime {abs(runtime[1] - alone[0]).max():.1e},"
          f" reference {abs(reference[1] - alone[0]).max():.2f}")
    assert abs(runtime[1] - alone[0]).max() < 1e-5, kind
    assert abs(reference[1] - alone[0]).max() > 0.01 and (reference == without_lengths).all(), kind

hard, soft = last_states("GRU", batch, activations=["HardSigmoid", "Tanh"]), last_states("GRU", batch)
print(f"HardSigmoid against Sigmoid: onnxruntime {abs(hard[0] - soft[0]).max():.2f}, reference",
      abs(hard[1] - soft[1]).max())
assert abs(hard[0] - soft[0]).max() > 0.01 and (hard[1] == soft[1]).all()
clipped = last_states("GRU", batch, clip=0.1)
assert (clipped[1] == soft[1]).all() and abs(clipped[0] - soft[0]).max() > 0.01
PY
echo "as claimed"
