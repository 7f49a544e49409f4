#!/usr/bin/env bash
# Claim: PRCurve(...).area() of pycm has no point at recall 0: the curve begins at the recall of the highest scores, and
#   what is left of that is no area. With n cases of a class and no ties the area of a perfect ranking is 1 - 1/n, that
#   of a class with a single case is 0, and of rankings with many ties still less (scores of quantised networks, votes
#   of a small ensemble). It is a lower number for the rarer class, of equally good rankings. ROCCurve has its point
#   (0, 0).
# Guess before: a perfect ranking has the area 1 by either curve, and area() is near scikit-learn's average precision
#   and its trapezoids under the same curve.
# Versions: pycm==4.6, scikit-learn==1.9.1, numpy==2.3.5.
# Seen: perfect ranking of 1, 2, 4, 20 cases among 40: pycm 0.00, 0.50, 0.75, 0.95, scikit-learn 1.00 each; ROC 1.00.
#   Right scores in two steps (0.1 and 0.9): pycm 0.00.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pycm==4.6 scikit-learn==1.9.1 numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
import pycm
from sklearn.metrics import auc, average_precision_score, precision_recall_curve


def areas(truth, scores):
    """Say what pycm (both curves) and scikit-learn (both ways) give for class 1."""
    given = {"actual_vector": truth, "probs": np.stack((1 - scores, scores), 1), "classes": [0, 1]}
    precision, recall, _ = precision_recall_curve(truth, scores)
    theirs = average_precision_score(truth, scores), auc(recall, precision)
    return pycm.PRCurve(**given).area()[1], pycm.ROCCurve(**given).area()[1], *map(float, theirs)


for cases in (1, 2, 4, 20):
    truth = np.arange(40) >= 40 - cases
    found = areas(truth.astype(int), np.linspace(0.01, 0.99, 40))
    print(cases, "of 40: pycm PR {:.2f}, ROC {:.2f}; average precision {:.2f}, trapezoids {:.2f}".format(*found))
    np.testing.assert_allclose(found, (1 - 1 / cases, 1, 1, 1), atol=1e-9)

truth = np.arange(40) % 2
found = areas(truth, np.where(truth == 1, 0.9, 0.1))
print("two scores, perfect: pycm PR {:.2f}, ROC {:.2f}; average precision {:.2f}, trapezoids {:.2f}".format(*found))
np.testing.assert_allclose(found, (0, 1, 1, 1), atol=1e-9)
PY
echo "as claimed"
