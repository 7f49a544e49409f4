#!/usr/bin/env bash
# Claim: torch.onnx.export with dynamo=False writes floor division (//, torch.floor_divide) of tensors as one that
#   rounds towards zero, for integers and for floats: -1 // 4 is -1 in torch and 0 in the file. The same division as
#   torch.div(rounding_mode="floor") is exported right, and so is the remainder, so that in the file q * b + r is no
#   longer a. The checker passes the file. dynamo=True is right.
# Guess before: // and torch.div(rounding_mode="floor") are the same function, as torch's documentation says, and
#   exported alike.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, numpy==2.3.5, CPU.
# Seen: -7, -3, 7, -1 by 2, -2, -2, 4: torch -4, 1, -4, -1; file of dynamo=False -3, 1, -3, 0. The bin of an offset in
#   -4 .. 3 by (offset // 4): torch -1 for the left half, file 0 for all but -4, so that a table of two is never read
#   at its first row but for one offset in four.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import contextlib
import io

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def answers(function, inputs, dynamo):
    """Returns what torch and onnxruntime answer."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        torch.onnx.export(Function(function).eval(), inputs, "model.onnx", dynamo=dynamo, opset_version=18)
    onnx.checker.check_model("model.onnx", full_check=True)
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    feed = {given.name: value.numpy() for given, value in zip(session.get_inputs(), inputs, strict=True)}
    return function(*inputs).numpy(), session.run(None, feed)[0]


a, b = torch.tensor([-7, -3, 7, -1]), torch.tensor([2, -2, -2, 4])
functions = {
    "a // b": lambda a, b: a // b,
    "floor_divide": torch.floor_divide,
    "div, floor": lambda a, b: torch.div(a, b, rounding_mode="floor"),
    "a % b": lambda a, b: a % b,
}
for kind in (torch.int64, torch.float32):
    for name, function in functions.items():
        for dynamo in (False, True):
            expected, seen = answers(function, (a.to(kind), b.to(kind)), dynamo)
            print(f"{name} of {kind}, dynamo={dynamo}: torch {expected.tolist()}, file {seen.tolist()}")
            if not dynamo and name in ("a // b", "floor_divide"):
                assert expected.tolist() == [-4, 1, -4, -1] and np.abs(seen).tolist() == [3, 1, 3, 0]
            else:
                assert np.array_equal(seen, expected)

table = torch.tensor([10.0, 20.0])
expected, seen = answers(lambda offset: table[offset // 4 + 1], (torch.arange(-4, 4),), False)
print(f"row of a table by an offset from -4 to 3: torch {expected.tolist()}, file {seen.tolist()}")
assert expected.tolist() == [10] * 4 + [20] * 4 and seen.tolist() == [10] + [20] * 7
PY
echo "as claimed"
