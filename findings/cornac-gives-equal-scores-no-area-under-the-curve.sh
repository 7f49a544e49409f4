#!/usr/bin/env bash
# Claim: AUC of cornac counts an item that scores as much as a liked one for a lost pair, in place of half a pair. A
#   model that says the same of all items gets 0, the mark of the worst ranking there is, where chance is 0.5; coarse
#   scores, such as rounded ones, ratings or small counts, lose a part. Without ties it agrees with scikit-learn to the
#   last digits.
# Guess before: ties count half, as the area under the curve has it: rounding makes a model little worse, and no worse
#   than chance.
# Versions: cornac==3.0.1, scikit-learn==1.9.1, numpy==2.4.6.
# Seen: mean of 200 users with 50 items: scores as they are 0.761, scikit-learn 0.761; rounded to whole numbers 0.639
#   and 0.745; all equal 0.000 and 0.500.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet cornac==3.0.1 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
env/bin/python -W ignore - <<'PY'
import numpy as np
from cornac.metrics import AUC
from sklearn.metrics import roc_auc_score

random = np.random.default_rng(0)
liked = random.random((200, 50)) < 0.1
liked = liked[liked.any(1)]
scores = liked + random.normal(size=liked.shape)


def both(scores):
    items, metric = np.arange(scores.shape[1]), AUC()
    of_cornac = [
        metric.compute(item_indices=items, pd_scores=said, gt_pos=np.flatnonzero(likes), gt_neg=None)
        for said, likes in zip(scores, liked, strict=True)
    ]
    of_sklearn = [roc_auc_score(likes, said) for said, likes in zip(scores, liked, strict=True)]
    return float(np.mean(of_cornac)), float(np.mean(of_sklearn))


plain, rounded, equal = both(scores), both(np.round(scores)), both(np.zeros(liked.shape))
for name, (of_cornac, of_sklearn) in (("as they are", plain), ("rounded", rounded), ("all equal", equal)):
    print(f"scores {name}: cornac {of_cornac:.3f}, scikit-learn {of_sklearn:.3f}")
assert abs(plain[0] - plain[1]) < 1e-9
assert rounded[1] > plain[1] - 0.03 and rounded[0] < plain[0] - 0.1
assert equal == (0.0, 0.5)
PY
echo "as claimed"
