#!/usr/bin/env bash
# Claim: the ranking metrics of Microsoft's Recommenders with relevancy_method="by_threshold" take the threshold for a
#   number of items: they keep so many of a user's best ones, whatever these score, by the very code of "top_k". An
#   item far below the threshold is recommended, one above it left out, and scores below 1, as all probabilities, can
#   have no threshold. Precision still divides by k (10 by default), which then has nothing to do with the list.
# Guess before: relevancy_method "by_threshold" with a float recommends the items whose prediction is at least that.
# Versions: recommenders==1.2.1, pandas==2.3.3, scikit-learn==1.9.1, numpy==2.3.5.
# Seen: predictions 4.9, 4.8, 1.3, 1.2, 1.1 and 1.0, the third alone is liked. Threshold 4: recall 1.0 (0.0 is right:
#   1.3 is below 4) and precision 0.1 (0.0). Threshold 2: recall 0.0. Threshold 1.25: 1.0 is right, 0.0 is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pandas==2.3.3 scikit-learn==1.9.1 numpy==2.3.5
"$folder/env/bin/pip" install --quiet --no-deps recommenders==1.2.1  # the metrics need none of its other 15 packages
cd "$folder"
env/bin/python -W ignore - <<'PY'
import pandas as pd
from recommenders.evaluation.python_evaluation import precision_at_k, recall_at_k

SCORES, LIKED = [4.9, 4.8, 1.3, 1.2, 1.1, 1.0], 2
liked = pd.DataFrame({"userID": [0], "itemID": [LIKED], "rating": [1.0]})
predicted = pd.DataFrame({"userID": 0, "itemID": range(len(SCORES)), "prediction": SCORES})


def by(threshold, metric):
    return float(metric(liked, predicted, relevancy_method="by_threshold", threshold=threshold))


found = {threshold: (by(threshold, recall_at_k), by(threshold, precision_at_k)) for threshold in (4, 2, 1.25)}
right = {threshold: float(SCORES[LIKED] >= threshold) for threshold in found}
print("recall and precision by threshold:", found, "recall by scores:", right)
assert found == {4: (1.0, 0.1), 2: (0.0, 0.0), 1.25: (0.0, 0.0)}, found
assert right == {4: 0.0, 2: 0.0, 1.25: 1.0}
PY
echo "as claimed"
