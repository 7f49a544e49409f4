#!/usr/bin/env bash
# Claim: onnx2torch reads a CumSum without the attribute "reverse" as reversed: sums run from the end. ONNX's default is
#   0, and writers leave defaults out, as torch.onnx.export(dynamo=False) does, while dynamo=True writes it, so that the
#   same network comes back right or wrong by its exporter. NonZero comes back transposed, one row for each element in
#   place of one for each axis, from either exporter. The converted network runs, no warning is given.
# Guess before: a converter applies the operator's default; torch to ONNX to torch is the identity.
# Versions: onnx2torch==1.5.15, torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0 (numpy==2.3.5).
# Seen: cumsum of 1, 2, 3: torch and onnxruntime 1, 3, 6, onnx2torch 6, 5, 3. nonzero of [[0, 1, 0], [1, 1, 0]]: torch
#   and onnxruntime (0, 1), (1, 0), (1, 1), onnx2torch (0, 1, 1), (1, 0, 1).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 numpy==2.3.5 onnx2torch==1.5.15 onnx==1.23.2 \
  onnxscript==0.7.2 onnxruntime==1.32.0
"$folder/env/bin/python" -W ignore - 2>&1 <<'PY'
import io
import warnings

import onnx
import onnx2torch
import onnxruntime
import torch
from torch import nn


class Sums(nn.Module):
    def forward(self, x):
        return x.cumsum(1)


class Positions(nn.Module):
    def forward(self, x):
        return x.nonzero()


def answers(module, x, dynamo):
    """Returns what torch, the exported file and the network converted back answer, and what onnx2torch warned of."""
    if dynamo:
        model = torch.onnx.export(module, (x,), dynamo=True, verbose=False).model_proto
    else:
        file = io.BytesIO()
        torch.onnx.export(module, (x,), file, dynamo=False, opset_version=17)
        model = onnx.load_from_string(file.getvalue())
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    of_file = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0].tolist()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        back = onnx2torch.convert(model).eval()(x).tolist()
    assert not [w for w in caught if "onnx2torch" in w.filename]
    return module(x).tolist(), of_file, back


for dynamo in (True, False):
    of_torch, of_file, back = answers(Sums(), torch.tensor([[1.0, 2, 3]]), dynamo)
    print(f"cumsum, dynamo={dynamo}: torch {of_torch}, onnxruntime {of_file}, onnx2torch {back}")
    assert of_torch == of_file == [[1.0, 3.0, 6.0]]
    assert back == (of_torch if dynamo else [[6.0, 5.0, 3.0]])
for dynamo in (True, False):
    of_torch, of_file, back = answers(Positions(), torch.tensor([[0.0, 1, 0], [1, 1, 0]]), dynamo)
    print(f"nonzero, dynamo={dynamo}: torch {of_torch}, onnxruntime {of_file}, onnx2torch {back}")
    assert of_torch == of_file == [[0, 1], [1, 0], [1, 1]]
    assert back == [[0, 1, 1], [1, 0, 1]]
PY
echo "as claimed"
