#!/usr/bin/env bash
# Claim: ExecuTorch's portable layer_norm and group norm take the variance for the mean of the squares less the square
#   of the mean, in single precision. Where the mean of a row is large against its spread, the digits cancel: answers
#   are wrong in their second digit at a mean of 100 spreads, by half at 2,000, and nan or hundreds at 10,000 (where
#   the difference is negative or nothing), without an error. torch, from which the program was exported, stays right.
# Guess before: the runtime of torch's own project computes layer norm as torch does, within rounding.
# Versions: executorch==1.5.1, torch==2.15.0, numpy==2.3.5, CPU, portable operators (no backend).
# Seen: greatest errors of layer norm in torch / ExecuTorch at a spread of 1 and a mean of 0: 2e-7 / 2e-7; 100: 1e-5 /
#   0.011; 1,000: 2e-4 / 0.34; 2,000: 3e-4 / 0.64; 10,000: 0.002 / nan. Group norm: 0.012, 0.14, 0.91, nan.
# Why it matters: features that were not standardised (years, prices, temperatures in kelvin), or residual streams whose
#   mean has grown, pass every check in torch and in ONNX and then answer otherwise on the device.
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

runtime = Runtime.get()
torch.manual_seed(0)
spread = torch.randn(8, 6)


def on_device(module, x):
    program = to_edge_transform_and_lower(torch.export.export(module.eval(), (x,))).to_executorch()
    return runtime.load_program(program.buffer).load_method("forward").execute([x])[0]


def error(module, x):
    """Say by how much torch and ExecuTorch are off what double precision gives, at most."""
    exact = module.double()(x.double())
    module = module.float()
    return (module(x) - exact).abs().max().item(), (on_device(module, x) - exact).abs().max().item()


found, groups = {}, {}
with torch.no_grad():
    for mean in (0, 100, 1000, 2000, 10000):
        x = spread + mean
        found[mean] = error(nn.LayerNorm(6), x)
        groups[mean] = error(nn.GroupNorm(1, 6), x)
        print(f"mean {mean}, spread 1: error of layer norm in torch %.2g, in ExecuTorch %.2g;" % found[mean],
              "of group norm %.2g, %.2g" % groups[mean])
for errors in (found, groups):
    assert max(errors[0]) < 1e-5
    assert all(torchs < 0.01 for torchs, _ in errors.values())
    assert errors[100][1] > 1e-3 and errors[1000][1] > 0.02 and not errors[10000][1] < 0.5
PY
echo "as claimed"
