#!/usr/bin/env bash
# Claim: MNN's converter does not see over which axis ReduceL2 and ReduceLogSumExp of an ONNX file reduce where the
#   axes are an input (since operator set 18, which torch.onnx.export writes), and reduces over all axes: one norm of
#   the whole batch in place of one a row. keepdims is obeyed, so that a network which divides by the norm (normalize,
#   cosine similarity, prototypes, embeddings) converts and answers in the right shape, with each row's answer shrunk
#   by the others of the batch. ReduceMean, which is written in the same way, is right, and a batch of one row is
#   right, too.
# Guess before: operators that reduce are read in the same way, all of them or none, and what is not understood is
#   refused.
# Versions: mnn==3.6.1, torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, numpy==2.3.5, CPU.
# Seen: rows of ones, 4 of 9: normalize gives 1/3 in torch and onnxruntime, 1/6 in MNN; of one row 1/3 in all three.
#   logsumexp(1, keepdim=True) of 4 rows of 9 zeros: 2.20 = log 9 in torch, 3.58 = log 36 in MNN. Means are equal.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 \
    mnn==3.6.1
cd "$folder"
env/bin/python -W ignore - <<'PY'
import math
import subprocess
import sys

import MNN.expr as expr
import MNN.nn
import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn.functional import normalize


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def three(function, x):
    """Give what torch, onnxruntime and MNN compute."""
    module = Function(function).eval()
    torch.onnx.export(module, (x,), input_names=["x"], output_names=["y"], dynamo=True, verbose=False).save("n.onnx")
    convert = [sys.prefix + "/bin/mnnconvert", "-f", "ONNX", "--modelFile", "n.onnx", "--MNNModel", "n.mnn"]
    subprocess.run([*convert, "--bizCode", "n"], check=True, capture_output=True)
    given = expr.const(x.numpy(), list(x.shape), expr.NCHW, expr.float)
    mnns = MNN.nn.load_module_from_file("n.mnn", ["x"], ["y"]).forward([given])
    mnns = mnns[0] if isinstance(mnns, (list, tuple)) else mnns
    session = onnxruntime.InferenceSession("n.onnx", providers=["CPUExecutionProvider"])
    return module(x).numpy(), session.run(None, {"x": x.numpy()})[0], np.array(expr.convert(mnns, expr.NCHW).read())


def check(name, function, x, torchs, mnns):
    found = three(function, x)
    print(name, "torch, onnxruntime, MNN:", ["shape %s, first %.4f" % (a.shape, a.ravel()[0]) for a in found])
    assert np.allclose(found[0], torchs) and np.allclose(found[1], torchs) and np.allclose(found[2], mnns, atol=1e-4)


ones, zeros = torch.ones(4, 9), torch.zeros(4, 9)
check("normalize, 4 rows:", lambda x: normalize(x, dim=1), ones, 1 / 3, 1 / 6)
check("normalize, 1 row:", lambda x: normalize(x, dim=1), ones[:1], 1 / 3, 1 / 3)
check("logsumexp, 4 rows:", lambda x: torch.logsumexp(x, 1, keepdim=True), zeros, math.log(9), math.log(36))
check("mean, 4 rows:", lambda x: x.mean(1, keepdim=True), torch.arange(4.0)[:, None].expand(4, 9).contiguous(),
      np.arange(4.0)[:, None], np.arange(4.0)[:, None])
PY
echo "as claimed"
