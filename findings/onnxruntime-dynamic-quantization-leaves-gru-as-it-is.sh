#!/usr/bin/env bash
# Claim: onnxruntime's quantize_dynamic, which its documentation recommends for recurrent networks, quantises LSTM and
#   leaves GRU and RNN in float32, as it does a Gemm with alpha or beta and a product written as Einsum. It writes a
#   file all the same, with "quantize" in the name of its producer, and says nothing of them: who compares "int8" GRU
#   and LSTM for size, speed or accuracy compares float32 with int8.
# Guess before: both gated units are quantised alike, or what is left in float32 is told.
# Versions: onnxruntime==1.32.0, onnx==1.23.2 (numpy==2.3.5), CPU. GRU was asked for in 2021 (issue 9796).
# Seen: 64 units: the file of LSTM shrinks to 25 %, those of GRU and RNN stay at 100 %, and their results are equal bit
#   for bit; Gemm shrinks to 29 %, with beta=2 to 100 %, the same product as Einsum to 100 %. Producer: onnx.quantize.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.3.5
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.quantization import quantize_dynamic

told, written_by = [], set()
handler = logging.Handler()
handler.emit = lambda record: told.append(record.getMessage())
logging.getLogger().addHandler(handler)
random, size = np.random.default_rng(0), 64


def quantize(kind, weights, output, outputs=("Y",), **attributes):
    """Quantise a file of one operator; say by how much it shrinks, its operators, and if results stay the same."""
    initial = [helper.make_tensor(name, TensorProto.FLOAT, shape, random.standard_normal(np.prod(shape)) / 8)
               for name, shape in weights.items()]
    node = helper.make_node(kind, ["X", *weights], list(outputs), **attributes)
    shape = [4, 1, size] if "Y_h" in outputs else [4, size]
    graph = helper.make_graph([node], "layer", [helper.make_tensor_value_info("X", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info(outputs[-1], TensorProto.FLOAT, output)], initial)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "plain.onnx")
    quantize_dynamic("plain.onnx", "int8.onnx")
    written, x = onnx.load("int8.onnx"), random.standard_normal(shape).astype(np.float32)
    plain, int8 = (onnxruntime.InferenceSession(name, providers=["CPUExecutionProvider"]).run(None, {"X": x})[0]
                   for name in ("plain.onnx", "int8.onnx"))
    written_by.add(written.producer_name)
    ratio = Path("int8.onnx").stat().st_size / Path("plain.onnx").stat().st_size
    print(f"{kind} {attributes}: {ratio:.0%}, equal {(plain == int8).all()}, {written.producer_name}",
          [node.op_type for node in written.graph.node])
    return ratio < 0.5, bool((plain == int8).all())


for kind, gates, shrinks in (("LSTM", 4, True), ("GRU", 3, False), ("RNN", 1, False)):
    weights = {name: [1, gates * size, size] for name in ("W", "R")}
    assert quantize(kind, weights, [1, 1, size], ("Y", "Y_h"), hidden_size=size) == (shrinks, not shrinks), kind
matrix = {"W": [size, size]}
assert quantize("Gemm", matrix, [4, size], transB=1) == (True, False)
assert quantize("Gemm", matrix | {"B": [size]}, [4, size], transB=1, beta=2.0) == (False, True)
assert quantize("Einsum", matrix, [4, size], equation="bi,oi->bo") == (False, True)
print("told:", set(told))
assert written_by == {"onnx.quantize"}
assert not [message for message in told if any(kind in message for kind in ("GRU", "RNN", "Gemm", "Einsum"))]
PY
echo "as claimed"
