#!/usr/bin/env bash
# Claim: what a class that is neither in the masks nor predicted adds to the mean intersection over union is 1 in
#   kornia (mean_iou) and segmentation_models_pytorch (iou_score, macro: zero_division=1), 0 in MONAI where it averages
#   over the batch first (reduction="mean_batch", whose ignore_empty=True says that it is left out), and -1 in
#   torchmetrics' MeanIoU(per_class=True). A network that has every pixel wrong gets 0.9 where two of twenty classes
#   occur; one that has every pixel right gets 0.1 of MONAI, and -0.8 if one averages torchmetrics' list.
# Guess before: an absent class is NaN or left out, as in torchmetrics' mean and its Jaccard index.
# Versions: kornia==0.9.0, segmentation_models_pytorch==0.6.0, monai==1.6.1, torchmetrics==1.9.0, torch==2.15.0,
#   torchvision==0.29.2, numpy==2.3.5.
# Seen: all pixels wrong / all right, classes 0 and 1 in the masks. Of 2 classes everybody says 0 / 1. Of 20: kornia
#   and segmentation_models_pytorch 0.90 / 1.00, MONAI 0.00 / 0.10, torchmetrics' list -0.90 / -0.80, its mean and its
#   Jaccard index 0.00 / 1.00.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet kornia==0.9.0 segmentation_models_pytorch==0.6.0 monai==1.6.1 \
  torchmetrics==1.9.0 torch==2.15.0 torchvision==0.29.2 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import kornia
import segmentation_models_pytorch as smp
import torch
from monai.metrics import MeanIoU as MonaisMeanIoU
from torch.nn.functional import one_hot
from torchmetrics.classification import MulticlassJaccardIndex
from torchmetrics.segmentation import MeanIoU

masks = torch.zeros(8, 6, 6, dtype=torch.long)
masks[:, 3:] = 1


def of_smp(predicted, masks, classes):
    counts = smp.metrics.get_stats(predicted, masks, mode="multiclass", num_classes=classes)
    return smp.metrics.iou_score(*counts, reduction="macro")


def of_monai(predicted, masks, classes):
    metric = MonaisMeanIoU(reduction="mean_batch", ignore_empty=True)
    metric(*(one_hot(labels, classes).permute(0, 3, 1, 2) for labels in (predicted, masks)))
    return metric.aggregate().mean()


def of_torchmetrics(metric, predicted, masks):
    metric.update(predicted, masks)
    return metric.compute().mean()


index = {"input_format": "index"}
metrics = {
    "kornia": lambda p, m, c: kornia.metrics.mean_iou(p, m, c).mean(),
    "segmentation_models_pytorch": of_smp,
    "MONAI": of_monai,
    "torchmetrics, mean of its list": lambda p, m, c: of_torchmetrics(MeanIoU(c, per_class=True, **index), p, m),
    "torchmetrics, its mean": lambda p, m, c: of_torchmetrics(MeanIoU(c, **index), p, m),
    "torchmetrics, Jaccard index": lambda p, m, c: of_torchmetrics(MulticlassJaccardIndex(c), p, m),
}
of_twenty = {
    "kornia": (0.9, 1.0),
    "segmentation_models_pytorch": (0.9, 1.0),
    "MONAI": (0.0, 0.1),
    "torchmetrics, mean of its list": (-0.9, -0.8),
}
for name, metric in metrics.items():
    for classes in (2, 20):
        wrong, right = (float(metric(predicted, masks, classes)) for predicted in (1 - masks, masks))
        print(f"{name}, {classes} classes: all wrong {wrong:.2f}, all right {right:.2f}")
        expected = of_twenty.get(name, (0.0, 1.0)) if classes == 20 else (0.0, 1.0)
        assert abs(wrong - expected[0]) < 1e-3 and abs(right - expected[1]) < 1e-3
PY
echo "as claimed"
