#!/usr/bin/env bash
# Claim: onnx2tf writes TFLite's ELU for ONNX's Elu and drops alpha: below zero the answer is exp(x) - 1 for every
#   network. LogSoftmax is written as the logarithm of a softmax, so that classes more than some 90 below the largest
#   get -inf, and a loss over them too. The last state of an RNN (its operator, from dynamo=False) is 0, while its
#   outputs at all steps are right. The conversion ends without an error. CELU, LeakyRelu and both outputs of a GRU are
#   right.
# Guess before: what TFLite's operator cannot say is written by others, as for CELU, or the conversion refuses.
# Versions: onnx2tf==2.6.9, ai-edge-litert==2.1.2, onnxruntime==1.26.0, onnx==1.20.1, onnxscript==0.6.2, torch==2.15.0.
#   onnx2tf says it needs Python 3.12; its code is the same and runs on 3.11, which pip is told to ignore here.
# Seen: ELU with alpha 0.3 and 2 at -1: torch and onnxruntime -0.19 and -1.26, TFLite -0.63 twice. Log-softmax of 0 and
#   200: -200, TFLite -inf. Last state of an RNN, largest value: 0.77, TFLite 0.00. The others differ by 1e-5 at most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 onnxscript==0.6.2 onnx==1.20.1 numpy==2.2.6
"$folder/env/bin/pip" install --quiet --ignore-requires-python onnx2tf==2.6.9 ai-edge-litert==2.1.2 \
  onnxruntime==1.26.0 onnx==1.20.1 numpy==2.2.6
cd "$folder"
OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 "$folder/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import pathlib
import tempfile

import numpy as np
import onnx
import onnx2tf
import onnxruntime
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import nn

torch.manual_seed(0)


class Recurrent(nn.Module):
    """Returns the outputs of a recurrent layer at all steps (0) or its last state (1)."""

    def __init__(self, kind, which):
        super().__init__()
        self.layer, self.which = kind(4, 5), which

    def forward(self, x):
        return self.layer(x)[self.which]


def answers(module, x, dynamo=True):
    """Returns what torch, onnxruntime and TFLite answer."""
    folder = pathlib.Path(tempfile.mkdtemp(dir="."))
    path = str(folder / "model.onnx")
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        torch.onnx.export(module.eval(), (x,), path, dynamo=dynamo, opset_version=18 if dynamo else 17)
        onnx.checker.check_model(path, full_check=True)
        onnx2tf.convert(input_onnx_file_path=path, output_folder_path=str(folder / "out"), non_verbose=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    of_onnxruntime = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    interpreter = Interpreter(str(next((folder / "out").glob("*_float32.tflite"))))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x.numpy())
    interpreter.invoke()
    expected = module(x).detach().numpy()
    assert np.allclose(of_onnxruntime, expected, atol=1e-5)
    return expected, interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


x = torch.tensor([[-1.0, -3.0, 2.0]])
for module in (nn.ELU(0.3), nn.ELU(2.0), nn.ELU(1.0), nn.CELU(0.5), nn.LeakyReLU(0.3)):
    expected, of_tflite = answers(module, x)
    print(f"{module}: torch {expected.round(2)}, TFLite {of_tflite.round(2)}")
    if isinstance(module, nn.ELU):
        assert np.allclose(of_tflite, nn.functional.elu(x).numpy(), atol=1e-5)
    else:
        assert np.allclose(of_tflite, expected, atol=1e-5)

expected, of_tflite = answers(nn.LogSoftmax(1), torch.tensor([[0.0, 200.0, 150.0]]))
print(f"LogSoftmax: torch {expected}, TFLite {of_tflite}")
assert np.isfinite(expected).all() and np.isneginf(of_tflite[0, 0]) and np.isclose(of_tflite[0, 2], -50)

for kind in (nn.RNN, nn.GRU):
    for which in (0, 1):
        expected, of_tflite = answers(Recurrent(kind, which), torch.randn(6, 1, 4), dynamo=False)
        print(f"{kind.__name__}, output {which}: largest of torch {abs(expected).max():.2f}, "
              f"of TFLite {abs(of_tflite).max():.2f}")
        if kind is nn.RNN and which == 1:
            assert abs(expected).max() > 0.1 and not of_tflite.any()
        else:
            assert np.allclose(of_tflite.reshape(expected.shape), expected, atol=1e-5)
PY
echo "as claimed"
