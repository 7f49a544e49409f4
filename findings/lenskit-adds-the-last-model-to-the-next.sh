#!/usr/bin/env bash
# Claim: RunAnalysis of LensKit, the object that has the metrics and measures a run with them, keeps the lists of
#   every run that it has measured. Its measure() of a second model, as in a loop over models, gives the means over
#   the lists of both, the third over three; list_metrics() has every user as many times. No method empties it.
# Guess before: measure(outputs, test) depends on its arguments: "measure a set of outputs against a set of test
#   data".
# Versions: lenskit==2025.8.1, torch==2.15.0, numpy==2.3.5, pandas==2.3.3.
# Seen: a perfect model and one without a hit, four users: NDCG@3 1.0 and 0.5, where a RunAnalysis of its own gives
#   1.0 and 0.0; the second model once more 0.33. Rows of list_metrics(): 4, 8, 12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet lenskit==2025.8.1 torch==2.15.0 numpy==2.3.5 pandas==2.3.3
cd "$folder"
env/bin/python -W ignore - <<'PY'
from lenskit.data import ItemList, ItemListCollection
from lenskit.metrics import NDCG, RunAnalysis

USERS = range(4)


def by_user(lists):
    collection = ItemListCollection(["user_id"])
    for user, items in zip(USERS, lists, strict=True):
        collection.add(items, user_id=user)
    return collection


liked = by_user(ItemList(item_ids=[user]) for user in USERS)
perfect = by_user(ItemList(item_ids=[user, 10, 11], ordered=True) for user in USERS)
useless = by_user(ItemList(item_ids=[12, 10, 11], ordered=True) for user in USERS)


def measured(analysis, model):
    result = analysis.measure(model, liked)
    mean = float(result.list_summary().loc["NDCG@3", "mean"])
    assert mean == float(result.global_metrics()["NDCG@3"])
    return round(mean, 3), len(result.list_metrics())


models = [perfect, useless, useless]
shared = RunAnalysis(NDCG(3))
together = [measured(shared, model) for model in models]
alone = [measured(RunAnalysis(NDCG(3)), model) for model in models]
print("NDCG@3 and rows, one RunAnalysis:", together, "one a model:", alone)
assert alone == [(1.0, 4), (0.0, 4), (0.0, 4)], alone
assert together == [(1.0, 4), (0.5, 8), (0.333, 12)], together
PY
echo "as claimed"
