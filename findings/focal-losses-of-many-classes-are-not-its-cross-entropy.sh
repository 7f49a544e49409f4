#!/usr/bin/env bash
# Claim: the focal loss is the cross entropy where gamma is 0. Of pixels with one class of many, kornia's
#   (reduction="mean") and MONAI's (use_softmax=True) are the cross entropy divided by the number of classes: they
#   average over a tensor that has a column a class, all zero but the true one's. That of segmentation_models_pytorch
#   (mode "multiclass") takes no softmax: it is the mean of a binary loss of each class, most of it of classes that are
#   not the pixel's. MONAI's DiceFocalLoss(softmax=True) takes the softmax for its Dice loss alone, and such binary
#   losses beside it. With the library or the number of classes the learning rate changes, and the weight beside Dice.
# Guess before: with gamma=0 all are torch's cross_entropy, for any number of classes.
# Versions: kornia==0.9.0, monai==1.6.1, segmentation_models_pytorch==0.6.0, torch==2.15.0, torchvision==0.29.2,
#   numpy==2.3.5.
# Seen: logits 0 (every class as likely), gamma=0, of 2, 4, 20, 100 classes. Cross entropy 0.69, 1.39, 3.00, 4.61;
#   kornia and MONAI 0.35, 0.35, 0.15, 0.05; segmentation_models_pytorch 0.69 of any number. Random logits, 20 classes,
#   beside Dice: DiceCELoss adds 3.46, DiceFocalLoss 0.80.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet kornia==0.9.0 segmentation_models_pytorch==0.6.0 monai==1.6.1 torch==2.15.0 \
  torchvision==0.29.2 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import kornia
import segmentation_models_pytorch as smp
import torch
from monai.losses import DiceCELoss, DiceFocalLoss, DiceLoss, FocalLoss
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

torch.manual_seed(0)
for classes in (2, 4, 20, 100):
    masks = torch.randint(0, classes, (2, 8, 8))
    for logits in (torch.zeros(2, classes, 8, 8), torch.randn(2, classes, 8, 8)):
        expected = cross_entropy(logits, masks).item()
        of_kornia = kornia.losses.focal_loss(logits, masks, alpha=None, gamma=0.0, reduction="mean").item()
        of_monai = FocalLoss(gamma=0.0, use_softmax=True, to_onehot_y=True)(logits, masks[:, None]).item()
        of_smp = smp.losses.FocalLoss("multiclass", gamma=0.0)(logits, masks).item()
        print(f"{classes} classes: cross entropy {expected:.2f}, kornia {of_kornia:.2f}, MONAI {of_monai:.2f},",
              f"segmentation_models_pytorch {of_smp:.2f}")
        binary = binary_cross_entropy_with_logits(logits, one_hot(masks, classes).permute(0, 3, 1, 2).float()).item()
        assert math.isclose(of_kornia, expected / classes, rel_tol=1e-4)
        assert math.isclose(of_monai, expected / classes, rel_tol=1e-4)
        assert math.isclose(of_smp, binary, rel_tol=1e-4)
    options = {"softmax": True, "to_onehot_y": True}
    dice = DiceLoss(**options)(logits, masks[:, None]).item()
    beside = [loss(logits, masks[:, None]).item() - dice for loss in
              (DiceCELoss(**options), DiceFocalLoss(gamma=0.0, **options))]
    print(f"{classes} classes: beside Dice, cross entropy {beside[0]:.3f}, focal loss with gamma=0 {beside[1]:.3f}")
    assert math.isclose(beside[0], expected, rel_tol=1e-3) and math.isclose(beside[1], binary, rel_tol=1e-3)
PY
echo "as claimed"
