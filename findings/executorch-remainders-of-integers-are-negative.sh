#!/usr/bin/env bash
# Claim: ExecuTorch's portable remainder (% in torch) gives integers the sign of the dividend, as C does, where torch,
#   torch.export and Python give the sign of the divisor; of floats it is right, and so is floor division. So -1 % 9
#   is -1 on the device and 8 in torch: the index of a neighbour, of a ring buffer or of a circular shift is negative.
# Guess before: a runtime that has an operator under torch's own name gives torch's remainder of whole numbers exactly.
# Versions: executorch==1.5.1, torch==2.15.0, numpy==2.3.5, CPU, portable operators.
# Seen: -4 to 4 modulo 3: torch 2 0 1 2 0 1 2 0 1; ExecuTorch -1 0 -2 -1 0 1 2 0 1 for int32 and int64, torch's for
#   float32; (x // 3) * 3 + x % 3, which is x, is not x on the device.
# Why it matters: the exported program is checked on positive indices, answers, and is wrong for the others only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 executorch==1.5.1
cd "$folder"
env/bin/python -W ignore - <<'PY' 2>errors || { tail -20 errors; exit 1; }
import torch
from executorch.exir import to_edge_transform_and_lower
from executorch.runtime import Runtime
from torch import nn


class Remainder(nn.Module):
    def forward(self, x):
        return x % 3


class Whole(nn.Module):
    def forward(self, x):
        return (x // 3) * 3 + x % 3


def both(module, x):
    """Give what the exported program computes in torch and on the device."""
    exported = torch.export.export(module.eval(), (x,))
    buffer = to_edge_transform_and_lower(exported).to_executorch().buffer
    answer = Runtime.get().load_program(buffer).load_method("forward").execute([x])[0]
    return exported.module()(x).tolist(), answer.tolist()


for kind in (torch.int32, torch.int64, torch.float32):
    torchs, device = both(Remainder(), torch.arange(-4, 5).to(kind))
    print(kind, "modulo 3, torch:", torchs, "ExecuTorch:", device)
    assert torchs == [x % 3 for x in range(-4, 5)]
    assert device == (torchs if kind.is_floating_point else [-1, 0, -2, -1, 0, 1, 2, 0, 1])
torchs, device = both(Whole(), torch.arange(-4, 5))
print("(x // 3) * 3 + x % 3, torch:", torchs, "ExecuTorch:", device)
assert torchs == list(range(-4, 5)) and device != torchs
PY
echo "as claimed"
