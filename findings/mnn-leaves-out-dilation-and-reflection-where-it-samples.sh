#!/usr/bin/env bash
# Claim: MNN leaves out attributes of ONNX operators that sample, and answers: max-pooling with a dilation takes direct
#   neighbours (so that its answer is also of another size, unless padding makes up for it); GridSample with
#   padding_mode "reflection" repeats the border, and mode "cubic" is linear. "border" and "linear" are right.
#   Conversion is silent.
# Guess before: an attribute that a converter does not know is refused, as unknown operators are.
# Versions: mnn==3.6.1, torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, numpy==2.3.5, CPU.
# Seen: squares of 0 to 7, sampled at column 9: torch and onnxruntime 25 by reflection, MNN 49 (its "border", too);
#   between 3 and 4: 12.12 by cubic, MNN 12.5 (its "linear", too). Pairs at a distance of 4 in 0 to 8: 4 5 6 7 8, MNN
#   1 2 3 4 5 6 7 8.
# Why it matters: segmentation, optical flow and spatial transformers, where a shifted sample is seen in the score only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 \
    mnn==3.6.1
cd "$folder"
env/bin/python -W ignore - <<'PY'
import subprocess
import sys

import MNN.expr as expr
import MNN.nn
import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn.functional import grid_sample


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x, y):
        return self.function(x, y)


def three(name, function, *xs):
    """Give what torch, onnxruntime and MNN compute."""
    module = Function(function).eval()
    exported = torch.onnx.export(module, xs, input_names=["x", "y"], output_names=["z"], dynamo=True, verbose=False)
    exported.save("n.onnx")
    convert = [sys.prefix + "/bin/mnnconvert", "-f", "ONNX", "--modelFile", "n.onnx", "--MNNModel", "n.mnn"]
    subprocess.run([*convert, "--bizCode", "n"], check=True, capture_output=True)
    given = []
    for x in xs:
        whole = not x.is_floating_point()
        numbers = x.numpy().astype(np.int32) if whole else x.numpy()
        given.append(expr.const(numbers, list(x.shape), expr.NCHW, expr.int if whole else expr.float))
    mnns = MNN.nn.load_module_from_file("n.mnn", ["x", "y"], ["z"]).forward(given)
    mnns = mnns[0] if isinstance(mnns, (list, tuple)) else mnns
    session = onnxruntime.InferenceSession("n.onnx", providers=["CPUExecutionProvider"])
    seen = session.run(None, {"x": xs[0].numpy(), "y": xs[1].numpy()})[0]
    found = module(*xs).numpy(), seen, np.array(expr.convert(mnns, expr.NCHW).read())
    print(name, *(f"{a}: {b.ravel().round(2).tolist()}" for a, b in zip(("torch", "onnxruntime", "MNN"), found)))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    return found[0].ravel(), found[2].ravel()


image = torch.arange(8.0).square().reshape(1, 1, 1, 8)


def at(position):
    """Give the grid that samples the image at one column, counted from 0."""
    return torch.tensor([2 * position / 7 - 1, 0.0]).reshape(1, 1, 1, 2)


def sample(mode, padding):
    return lambda x, y: grid_sample(x, y, mode=mode, padding_mode=padding, align_corners=True)


three("border", sample("bilinear", "border"), image, at(9))
torchs, mnns = three("linear", sample("bilinear", "zeros"), image, at(3.5))
assert np.allclose(torchs, mnns, atol=1e-3)
torchs, mnns = three("reflection", sample("bilinear", "reflection"), image, at(9))
assert np.allclose(torchs, 25, atol=1e-2) and np.allclose(mnns, 49, atol=1e-2)
torchs, mnns = three("cubic", sample("bicubic", "zeros"), image, at(3.5))
assert np.allclose(torchs, 12.12, atol=1e-2) and np.allclose(mnns, 12.5, atol=1e-2)

rising = torch.arange(9.0).reshape(1, 1, 1, 9)
pool = nn.MaxPool2d((1, 2), stride=1, dilation=(1, 4))
torchs, mnns = three("dilated pooling", lambda x, y: pool(x) + 0 * y, rising, torch.zeros(1))
assert torchs.tolist() == [4, 5, 6, 7, 8]
assert mnns.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
PY
echo "as claimed"
