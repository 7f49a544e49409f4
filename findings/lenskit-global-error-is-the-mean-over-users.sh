#!/usr/bin/env bash
# Claim: the RMSE among the global_metrics() of LensKit is the mean of the users' RMSE, the same number as in
#   list_summary(), and not the root of the mean squared error of all predictions, which papers report and which the
#   metric can compute: its methods for it (compute_list_data, global_aggregate) are never called. A mean of roots is
#   smaller than the root of the mean, and a user with one rating weighs as much as one with a thousand. MAE likewise.
# Guess before: global metrics are over the whole run ("only the results of global metrics; it does not include
#   aggregates of per-list metrics", says the method).
# Versions: lenskit==2025.8.1, torch==2.15.0, numpy==2.3.5, pandas==2.3.3.
# Seen: a user with one rating, predicted exactly, and one with nine, each off by 2: global RMSE 1.0 and MAE 1.0; all
#   ten ratings at once 1.897 and 1.8, as global_aggregate says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet lenskit==2025.8.1 torch==2.15.0 numpy==2.3.5 pandas==2.3.3
cd "$folder"
env/bin/python -W ignore - <<'PY'
import numpy as np
from lenskit.data import ItemList, ItemListCollection
from lenskit.metrics import MAE, RMSE, RunAnalysis

RATINGS = {1: [3.0], 2: [3.0] * 9}  # by user
PREDICTED = {1: [3.0], 2: [5.0] * 9}


def by_user(values, field):
    collection = ItemListCollection(["user_id"])
    for user, numbers in values.items():
        collection.add(ItemList(item_ids=list(range(len(numbers))), **{field: numbers}), user_id=user)
    return collection


rated, scored = by_user(RATINGS, "rating"), by_user(PREDICTED, "scores")
found = RunAnalysis(RMSE(), MAE()).measure(scored, rated).global_metrics()
errors = np.concatenate([np.subtract(PREDICTED[user], RATINGS[user]) for user in RATINGS])
right = {"RMSE": float(np.sqrt(np.mean(errors**2))), "MAE": float(np.mean(np.abs(errors)))}
pairs = [(scored.lookup(user_id=user), rated.lookup(user_id=user)) for user in RATINGS]
could = {
    metric.label: float(metric.global_aggregate([metric.compute_list_data(*pair) for pair in pairs]))
    for metric in (RMSE(), MAE())
}
print("global_metrics:", found.to_dict(), "all ratings at once:", right, "the metric's own global_aggregate:", could)
assert found["RMSE"] == found["MAE"] == 1.0, found
assert np.allclose([right["RMSE"], right["MAE"]], [3.6**0.5, 1.8])
assert all(np.isclose(could[name], right[name]) for name in right), could
PY
echo "as claimed"
