#!/usr/bin/env bash
# Claim: interpolate(scale_factor=1.7) samples at steps of 1/1.7. torch.onnx.export writes the factor into the file, but
#   with antialias=True (which changes nothing where an image grows) it writes the size that results in its place: 9
#   pixels then become 15 at steps of 9/15, and the picture is shifted against torch's, the more the farther from its
#   origin. OpenVINO, in turn, ignores antialias in ONNX files: reduced pictures are sampled, not averaged.
# Guess before: antialias is one attribute of ONNX's Resize and changes nothing else; runtimes obey it or refuse it.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, openvino==2026.4.1, numpy==2.3.5, CPU.
#   OpenVINO's developers know of the cubic kind (issue 35893, open).
# Seen: a ramp of 10 a pixel, enlarged by 1.7: torch and the file differ by 0.00002, with antialias by 1.6.
#   Stripes (every fourth column is 1) reduced to a quarter with antialias: torch and onnxruntime 0.25, OpenVINO 0.00.
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
from torch.nn.functional import interpolate

core = openvino.Core()


class Resize(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.options = options

    def forward(self, image):
        return interpolate(image, mode="bilinear", **self.options)


def three(image, **options):
    """Say what torch computes, and of the exported file, what onnxruntime and OpenVINO do."""
    module = Resize(**options).eval()
    model = torch.onnx.export(module, (image,), dynamo=True, verbose=False).model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    openvinos = core.compile_model(core.read_model(model, b""), "CPU")([image.numpy()])
    return module(image).numpy(), session.run(None, {session.get_inputs()[0].name: image.numpy()})[0], openvinos[0]


ramp = 10 * torch.arange(9.0).reshape(1, 1, 9, 1).expand(1, 1, 9, 9).contiguous()
plain, exported, _ = three(ramp, scale_factor=1.7)
smooth, exported_smooth, _ = three(ramp, scale_factor=1.7, antialias=True)
print(f"enlarged: differences of file and torch {abs(plain - exported).max():.5f}, with antialias",
      f"{abs(smooth - exported_smooth).max():.5f}; of torch with and without {abs(plain - smooth).max():.5f}")
assert abs(plain - smooth).max() < 1e-3 and abs(plain - exported).max() < 1e-3
assert abs(smooth - exported_smooth).max() > 1

stripes = torch.zeros(1, 1, 32, 32)
stripes[..., ::4] = 1
seen = three(stripes, size=(8, 8), antialias=True)
print("reduced: torch {:.2f}, onnxruntime {:.2f}, OpenVINO {:.2f}".format(*(a.mean() for a in seen)))
np.testing.assert_allclose(seen[1], seen[0], atol=1e-3)
assert seen[0].mean() > 0.2 and abs(seen[2]).max() < 1e-3
PY
echo "as claimed"
