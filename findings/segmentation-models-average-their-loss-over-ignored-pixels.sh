#!/usr/bin/env bash
# Claim: SoftCrossEntropyLoss of segmentation_models_pytorch, a drop-in replacement for torch's CrossEntropyLoss by its
#   documentation, leaves pixels with ignore_index out of the sum, but not out of the number by which it divides. Loss
#   and gradients shrink with the share of ignored pixels: padding an image to twice its size halves its weight, and
#   validation losses of images with other borders cannot be compared. With no ignored pixel both losses are equal. The
#   package's own Focal, Dice and Lovasz losses do not depend on how many pixels are ignored.
# Guess before: a mean over the pixels that count, as in torch, so padding with ignored pixels changes nothing.
# Versions: segmentation_models_pytorch==0.6.0, torch==2.15.0, torchvision==0.29.2, numpy==2.3.5.
# Seen: random logits of 10 classes, 16 rows of pixels, then as many ignored ones below: torch 2.76 and 2.76, the
#   gradients equal; SoftCrossEntropyLoss 2.76 and 1.38, the gradients halved, with label smoothing and without.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet segmentation_models_pytorch==0.6.0 torch==2.15.0 torchvision==0.29.2 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from segmentation_models_pytorch import losses
from torch import nn

CLASSES, IGNORED = 10, -100
torch.manual_seed(0)
logits = torch.randn(4, CLASSES, 32, 32, requires_grad=True)
labels = torch.randint(CLASSES, (4, 32, 32))
labels[:, 16:] = IGNORED


def measured(loss, rows):
    """Returns the loss of the first rows of pixels and the length of its gradient."""
    logits.grad = None
    value = loss(logits[:, :, :rows], labels[:, :rows])
    value.backward()
    return value.item(), logits.grad.norm().item()


LOSSES = {
    "torch": nn.CrossEntropyLoss(),
    "torch, smoothing": nn.CrossEntropyLoss(label_smoothing=0.1),
    "SoftCrossEntropyLoss": losses.SoftCrossEntropyLoss(smooth_factor=0.0),
    "SoftCrossEntropyLoss, smoothing": losses.SoftCrossEntropyLoss(smooth_factor=0.1),
    "FocalLoss": losses.FocalLoss("multiclass", ignore_index=IGNORED),
    "DiceLoss": losses.DiceLoss("multiclass", ignore_index=IGNORED),
    "LovaszLoss": losses.LovaszLoss("multiclass", ignore_index=IGNORED),
}
seen = {}
for name, loss in LOSSES.items():
    alone, padded = seen[name] = measured(loss, 16), measured(loss, 32)
    print(f"{name}: loss {alone[0]:.4f}, with ignored rows {padded[0]:.4f}; gradient {alone[1]:.5f}, {padded[1]:.5f}")
    share = 0.5 if name.startswith("Soft") else 1.0
    for before, after in zip(alone, padded):
        assert math.isclose(after, share * before, rel_tol=1e-3), name
for suffix in ("", ", smoothing"):
    assert math.isclose(seen["torch" + suffix][0][0], seen["SoftCrossEntropyLoss" + suffix][0][0], rel_tol=1e-5)
PY
echo "as claimed"
