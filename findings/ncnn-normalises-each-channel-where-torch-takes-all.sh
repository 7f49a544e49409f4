#!/usr/bin/env bash
# Claim: pnnx, the converter from torch that ncnn recommends, writes some layers as other ones without a word. LayerNorm
#   over channels, rows and columns, as in the example of torch's documentation, is run by ncnn for each channel alone:
#   what the channels differ by is gone. AvgPool2d(ceil_mode=True) divides the sums at the right and lower edge by the
#   whole window, which halves them, and quarters the corner. A log softmax becomes the logarithm of the softmax, which
#   is not finite where logits are far apart; torch.remainder becomes the remainder with the sign of the dividend, and
#   floor division a division that does not round. Nothing is printed, as it is for nn.RNN(nonlinearity="relu") ("not
#   supported") or circular padding.
# Guess before: a converted network answers as the network does, or the converter says what it has no layer for.
# Versions: ncnn==1.0.20261020, pnnx==20261020, torch==2.15.0 (numpy==2.3.5), CPU, single precision.
# Seen: largest distance: LayerNorm([3, 9, 9]) 2.5 (5e-7 from LayerNorm([9, 9])); ceil_mode 0.39, last row 0.500 of
#   torch's, corner 0.250; log_softmax of 300 times the logits not finite; remainder by 0.7 0.70; floor division 1.0.
#   LayerNorm([9, 9]), GroupNorm(1, 3), pooling without ceil_mode, or with count_include_pad=False, and log_softmax
#   1e-6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet ncnn==1.0.20261020 pnnx==20261020 torch==2.15.0 numpy==2.3.5
cd "$folder"
cat > compare.py <<'PY'
import ncnn
import numpy as np
import pnnx
import torch
from torch import nn
from torch.nn import functional


class Behind(nn.Module):
    """A convolution, by which the converter knows the axis of the batch, and what is to be converted behind it."""

    def __init__(self, function):
        super().__init__()
        self.convolution, self.function = nn.Conv2d(3, 3, 1), function

    def forward(self, x):
        return self.function(self.convolution(x))


def answers(name, function, x):
    """Returns the answers of ncnn (in single precision) and of torch, and what the function was given in torch."""
    torch.manual_seed(0)
    module = Behind(function).eval()
    pnnx.export(module, f"{name}.pt", (x,), fp16=False)
    net = ncnn.Net()
    for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, option, False)
    assert net.load_param(f"{name}.ncnn.param") == 0 and net.load_model(f"{name}.ncnn.bin") == 0
    extractor = net.create_extractor()
    extractor.input("in0", ncnn.Mat(x[0].numpy()).clone())
    said = np.array(extractor.extract("out0")[1])
    with torch.no_grad():
        return said, module(x)[0].numpy(), module.convolution(x)


image = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(0)) + torch.arange(3.0)[:, None, None]
right = {
    "layer_norm_of_9_9": nn.LayerNorm([9, 9]),
    "group_norm_of_one_group": nn.GroupNorm(1, 3),
    "average_pool": nn.AvgPool2d(2, 2),
    "average_pool_ceil_without_padding": nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False),
    "log_softmax": nn.LogSoftmax(1),
}
wrong = {
    "layer_norm_of_3_9_9": nn.LayerNorm([3, 9, 9]),
    "average_pool_ceil": nn.AvgPool2d(2, 2, ceil_mode=True),
    "log_softmax_of_large": lambda x: functional.log_softmax(300 * x, 1),
    "remainder": lambda x: torch.remainder(x, 0.7),
    "floor_division": lambda x: torch.div(x, 0.3, rounding_mode="floor"),
}
for cases, holds in ((right, lambda distance: distance < 1e-3), (wrong, lambda distance: not distance < 0.05)):
    for name, function in cases.items():
        said, wanted, given = answers(name, function, image)
        distance = np.abs(said - wanted).max()
        print("RESULT", name, f"{distance:.1e}", "" if np.isfinite(said).all() else "(not finite, torch's is)")
        assert said.shape == wanted.shape and np.isfinite(wanted).all()
        assert holds(distance), name
        if name == "layer_norm_of_3_9_9":
            distance = np.abs(said - functional.layer_norm(given, [9, 9])[0].numpy()).max()
            print("RESULT    from the norm of each channel alone:", f"{distance:.1e}")
            assert distance < 1e-3
        if name == "average_pool_ceil":
            share = said / wanted
            print(f"RESULT    share of torch's: inside {share[0, 0, 0]:.3f}, edge {share[0, -1, 0]:.3f}, "
                  f"corner {share[0, -1, -1]:.3f}")
            assert np.allclose([share[0, 0, 0], share[0, -1, 0], share[0, -1, -1]], [1, 0.5, 0.25], atol=1e-3)
PY
env/bin/python -W ignore compare.py > log 2>&1 || { cat log; exit 1; }
grep RESULT log
if grep -i "support" log; then exit 1; fi
echo "as claimed"
