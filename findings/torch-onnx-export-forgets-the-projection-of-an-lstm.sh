#!/usr/bin/env bash
# Claim: torch.onnx.export of an LSTM with a projection (proj_size), which ONNX's LSTM does not have, neither refuses
#   nor writes the projection by other operators. It takes the size of the projection for the hidden size, cuts the
#   weights of the four gates down to that many rows each, leaves the projecting matrix out, and says nothing. The
#   checker passes the file with shape inference on; onnxruntime, ONNX's reference and OpenVINO refuse to run it. The
#   old exporter (dynamo=False) says in one sentence that it does not support projections.
# Guess before: a recurrent layer is exported right or the export raises, as the old one does.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, openvino==2026.4.1 (numpy==2.3.5), CPU.
# Seen: 4 inputs, 6 units, projection to 3: the file has hidden_size 3 and input weights of 12 x 4 where torch has 24 x
#   4, no matrix of 3 x 6; it still starts from a cell state of 6 numbers. The same LSTM without projection: within
#   1e-6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 \
  openvino==2026.4.1
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python - 2> errors <<'PY' || { cat errors; exit 1; }
import warnings

import numpy as np
import onnx
import onnxruntime
import openvino
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn


class Recurrent(nn.Module):
    def __init__(self, projection):
        super().__init__()
        self.layer = nn.LSTM(4, 6, batch_first=True, proj_size=projection)

    def forward(self, x):
        return self.layer(x)[0]


def with_onnxruntime(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def with_reference(model, x):
    return ReferenceEvaluator(model).run(None, {"x": x})[0]


def with_openvino(model, x):
    compiled = openvino.compile_model(openvino.Core().read_model(model.SerializeToString(), b""), "CPU")
    return compiled(x)[0]


torch.manual_seed(0)
x = torch.randn(2, 5, 4)
for projection in (0, 3):
    network = Recurrent(projection).eval()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = torch.onnx.export(network, (x,), dynamo=True, verbose=False).model_proto
    assert not [warning for warning in caught if "proj" in str(warning.message).lower()]
    onnx.checker.check_model(model, full_check=True)
    (node,) = [node for node in model.graph.node if node.op_type == "LSTM"]
    hidden = next(attribute.i for attribute in node.attribute if attribute.name == "hidden_size")
    shapes = {tuple(weights.dims) for weights in model.graph.initializer}
    torchs = {name: tuple(weights.shape) for name, weights in network.layer.named_parameters()}
    print(f"projection {projection}: hidden_size in the file {hidden}, weights {sorted(shapes)}; torch {torchs}")
    right = network(x).detach().numpy()
    for run in (with_onnxruntime, with_reference, with_openvino):
        try:
            said = run(model, x.numpy())
        except Exception as error:  # each package has its own
            print(f"  {run.__name__}: refused ({type(error).__name__})")
            assert projection == 3
        else:
            print(f"  {run.__name__}: largest difference {np.abs(said - right).max():.2g}")
            assert projection == 0 and np.allclose(said, right, atol=1e-2)  # OpenVINO may compute in bfloat16
    if projection:
        assert hidden == 3 and torchs["weight_ih_l0"] == (24, 4) and torchs["weight_hr_l0"] == (3, 6)
        assert (1, 12, 4) in shapes and (1, 24, 4) not in shapes
        assert not [shape for shape in shapes if shape[-2:] in ((3, 6), (6, 3))]
        try:
            torch.onnx.export(network, (x,), "old.onnx", dynamo=False)
        except torch.onnx.errors.SymbolicValueError as error:
            assert "projections" in str(error)
            print("  old exporter: refused, names the projections")
        else:
            raise AssertionError("the old exporter takes it")
PY
echo "as claimed"
