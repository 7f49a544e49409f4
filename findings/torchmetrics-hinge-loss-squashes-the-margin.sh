#!/usr/bin/env bash
# Claim: the binary hinge loss of torchmetrics puts all scores of a batch through a sigmoid as soon as one of them is
#   outside [0, 1], as the scores of every classifier with a margin are, and takes the hinge of these probabilities. A
#   classifier that separates two classes of equal size with any margin gets 0.5 in place of 0, and no loss is lower;
#   one whose scores are all far off gets at most 1.5. Because it goes by batch, the loss of two batches is not that
#   of their examples. The loss of several classes takes the margin of a softmax in the same way.
# Guess before: a hinge loss is max(0, 1 - y * score), as the formula in the metric's documentation says, with a score
#   that is any real number, and as scikit-learn computes it.
# Versions: torchmetrics==1.9.0, torch==2.15.0, scikit-learn==1.9.1, numpy==2.3.5.
# Seen: two positive and two negative examples, scores +-5, torchmetrics 0.507 and scikit-learn 0.0; +-50 0.5 and 0.0;
#   all on the wrong side by 5 1.493 and 6.0. Positive examples scored 5 and 0.9: together 0.148, one by one 0.053.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.15.0 scikit-learn==1.9.1 numpy==2.3.5
cd "$folder"
env/bin/python -W ignore - <<'PY'
import torch
from sklearn.metrics import hinge_loss
from torchmetrics.classification import BinaryHingeLoss
from torchmetrics.functional.classification import binary_hinge_loss

truth = torch.tensor([1, 1, 0, 0])
side = truth * 2.0 - 1  # +1 or -1
found = {
    margin: tuple(round(float(loss), 3) for loss in (binary_hinge_loss(scores, truth), hinge_loss(truth, scores)))
    for margin, scores in ((margin, margin * side) for margin in (5, 50, -5))
}


def loss_of(batches):
    metric = BinaryHingeLoss()
    for batch in batches:
        metric.update(torch.tensor(batch), torch.ones(len(batch), dtype=torch.long))
    return round(float(metric.compute()), 3)


together, one_by_one = loss_of([[5.0, 0.9]]), loss_of([[5.0], [0.9]])
print("torchmetrics and scikit-learn by margin:", found, "one batch and two:", together, one_by_one)
assert found == {5: (0.507, 0.0), 50: (0.5, 0.0), -5: (1.493, 6.0)}, found
assert (together, one_by_one) == (0.148, 0.053), (together, one_by_one)
PY
echo "as claimed"
