#!/usr/bin/env bash
# Claim: torchinfo and thop count a transposed convolution of stride s as s * s times its multiplications: they multiply
#   the kernel by the positions of the output, where it is applied at those of the input. fvcore and ptflops count it
#   right. A decoder searched or pruned by torchinfo's or thop's numbers looks four times as dear as it is at stride 2.
# Guess before: all four count input positions * channels in * channels out * kernel area.
# Versions: torch==2.13.0, torchinfo==1.8.0, thop==0.1.1.post2209072238, fvcore==0.1.5.post20221221, ptflops==0.7.5.
# Seen: 8 to 4 channels, kernel 2, stride 2, 8x8 input, 8,192 multiplications: fvcore 8192, ptflops 8192,
#   torchinfo 32768, thop 32768. At stride 1 all four agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.3.5 setuptools==80.9.0
"$folder/env/bin/pip" install --quiet torchinfo==1.8.0 tqdm==4.67.1 tabulate==0.9.0 yacs==0.1.8 iopath==0.1.10 \
    portalocker==3.2.0 termcolor==3.1.0
"$folder/env/bin/pip" install --quiet --no-deps thop==0.1.1.post2209072238 ptflops==0.7.5
"$folder/env/bin/pip" install --quiet --no-deps --no-build-isolation fvcore==0.1.5.post20221221
"$folder/env/bin/python" - <<'PY'
import logging

import ptflops
import thop
import torch
import torchinfo
from fvcore.nn import FlopCountAnalysis
from torch import nn

logging.disable(logging.CRITICAL)


def count(stride):
    x = torch.randn(1, 8, 8, 8)

    def layer():
        return nn.ConvTranspose2d(8, 4, stride, stride=stride, bias=False).eval()

    return {
        "multiplications": 8 * 4 * stride * stride * 64,
        "fvcore": FlopCountAnalysis(layer(), x).total(),
        "ptflops": ptflops.get_model_complexity_info(
            layer(), (8, 8, 8), as_strings=False, print_per_layer_stat=False, verbose=False
        )[0],
        "torchinfo": torchinfo.summary(layer(), input_data=[x], verbose=0).total_mult_adds,
        "thop": int(thop.profile(layer(), inputs=(x,), verbose=False)[0]),
    }


one, two = count(1), count(2)
print("stride 1", one)
print("stride 2", two)
assert set(one.values()) == {2_048}, one
assert two["fvcore"] == two["ptflops"] == two["multiplications"] == 8_192, two
assert two["torchinfo"] == two["thop"] == 4 * 8_192, two
PY
echo "as claimed"
