#!/usr/bin/env bash
# Claim: OpenVINO gives a max pooling with ceil_mode and padding of an ONNX file a row and a column more than torch and
#   onnxruntime, where the last window lies in the padding alone: their values are -3.4e38, the least float32. Any mean
#   or linear layer behind it is ruined. ONNX's operator (MaxPool 22) ignores windows that start in the right padding.
#   The same torch module that OpenVINO converts itself, without ONNX, comes out right.
# Guess before: the same file has the same shapes in every runtime, and pooling gives none but values of its input.
# Versions: openvino==2026.4.1, onnxruntime==1.32.0, torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, numpy==2.3.5, CPU.
# Seen: MaxPool2d(2, stride=2, padding=1, ceil_mode=True) of 5 x 5: torch, onnxruntime and OpenVINO's own conversion
#   3 x 3; OpenVINO from ONNX (opsets 18 and 22) 4 x 4, seven of the 16 are -3.4e38. Their mean: 12 and -inf.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 \
    openvino==2026.4.1
"$folder/env/bin/python" - <<'PY'
import numpy as np
import onnxruntime
import openvino
import torch
from torch import nn

core = openvino.Core()
image = torch.arange(25.0).reshape(1, 1, 5, 5)
pooling = nn.MaxPool2d(2, stride=2, padding=1, ceil_mode=True).eval()
mean = nn.Sequential(pooling, nn.AdaptiveAvgPool2d(1)).eval()


def by_openvino(model):
    return next(iter(core.compile_model(model, "CPU")([image.numpy()]).values()))


def by_both(module, opset):
    model = torch.onnx.export(module, (image,), dynamo=True, verbose=False, opset_version=opset).model_proto
    serialized = model.SerializeToString()
    session = onnxruntime.InferenceSession(serialized, providers=["CPUExecutionProvider"])
    right = session.run(None, {session.get_inputs()[0].name: image.numpy()})[0]
    return right, by_openvino(core.read_model(serialized, b""))


expected = pooling(image).numpy()
for opset in (18, 22):
    runtime, openvinos = by_both(pooling, opset)
    print(f"opset {opset}: onnxruntime {runtime.shape[2:]}, OpenVINO {openvinos.shape[2:]}", openvinos[0, 0, -1])
    np.testing.assert_array_equal(runtime, expected)
    assert openvinos.shape == (1, 1, 4, 4) and (openvinos < -1e38).sum() == 7, openvinos
    np.testing.assert_array_equal(openvinos[:, :, :3, :3], expected)
np.testing.assert_array_equal(by_openvino(openvino.convert_model(pooling, example_input=image)), expected)

runtime, openvinos = by_both(mean, 18)
print(f"mean: torch {mean(image).item():.2f}, onnxruntime {runtime.item():.2f}, OpenVINO {openvinos.item():.2g}")
assert abs(runtime.item() - mean(image).item()) < 1e-3 and openvinos.item() < -1e37
PY
echo "as claimed"
