#!/usr/bin/env bash
# Claim: torch.onnx.export drops divisor_override of average pooling, with dynamo=True and dynamo=False: the file
#   divides by the number of elements of the window. divisor_override=1, a sum over windows, as layers that count and
#   box filters use it, is exported as a mean. The checker passes the file, and no warning is given. torch.export and
#   TorchScript, from which the exporters start, keep the divisor.
# Guess before: ONNX's AveragePool has no such attribute, so the exporter multiplies by window / divisor, or refuses.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0 (numpy==2.3.5), CPU.
# Seen: sums of ones over windows of 2x2 (divisor_override=1): torch 4, both files 1. Windows of 2x2x2: 8 and 1. A
#   window of 8x8 with divisor 16: torch answers 4 times what the files do.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
"$folder/env/bin/python" - 2>/dev/null <<'PY'
import io
import warnings

import onnx
import onnxruntime
import torch
from torch import nn


def exported(module, x, dynamo):
    """Returns the exported model, and the warnings that speak of the divisor."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if dynamo:
            model = torch.onnx.export(module, (x,), dynamo=True, verbose=False).model_proto
        else:
            file = io.BytesIO()
            torch.onnx.export(module, (x,), file, dynamo=False)
            model = onnx.load_from_string(file.getvalue())
    onnx.checker.check_model(model, full_check=True)
    return model, [w for w in caught if "divisor" in str(w.message) or "pool" in str(w.message).lower()]


def answer(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


cases = [
    (nn.AvgPool2d(2, divisor_override=1), torch.ones(1, 1, 4, 4), 4),
    (nn.AvgPool3d(2, divisor_override=1), torch.ones(1, 1, 4, 4, 4), 8),
    (nn.AvgPool2d(8, divisor_override=16), torch.rand(3, 2, 8, 8), 4),
]
for module, x, factor in cases:
    expected = module(x)
    assert torch.allclose(torch.export.export(module, (x,)).module()(x), expected)
    assert torch.allclose(torch.jit.trace(module, (x,))(x), expected)
    for dynamo in (True, False):
        model, warned = exported(module, x, dynamo)
        of_file = answer(model, x)
        means = f"torch {expected.mean():.4f}, file {of_file.mean():.4f}"
        print(f"{module}, dynamo={dynamo}: {means}, warnings {len(warned)}")
        assert torch.allclose(of_file * factor, expected) and not warned
PY
echo "as claimed"
