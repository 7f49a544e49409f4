#!/usr/bin/env bash
# Claim: r_precision_at_k of Microsoft's Recommenders is the mean over the users who got a hit within the first R
#   items, R being the number of items that they like. Users without one are lost in a merge, or become NaN and are
#   skipped by pandas' mean, so that nearly useless models are next to perfect and a model gets worse by serving more
#   users a little. Precision, recall, MAP and NDCG of the same module count such users as 0, and from the same merge.
# Guess before: a user whose list has nothing that he likes has an R-precision of 0 and counts, as in the other
#   metrics; with one liked item a user it is the share of users whose first item is right.
# Versions: recommenders==1.2.1, pandas==2.3.3, scikit-learn==1.9.1, numpy==2.3.5.
# Seen: ten users, one liked item each, found for one user alone, in the first place: r_precision_at_k 1.0, recall
#   0.1, MAP 0.1, NDCG 0.1. Four liked items a user: a model with 4 hits for one user and none for nine 1.0, one with
#   4 and nine times 1 hit 0.325.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pandas==2.3.3 scikit-learn==1.9.1 numpy==2.3.5
"$folder/env/bin/pip" install --quiet --no-deps recommenders==1.2.1  # the metrics need none of its other 15 packages
cd "$folder"
env/bin/python -W ignore - <<'PY'
import pandas as pd
from recommenders.evaluation.python_evaluation import map_at_k, ndcg_at_k, r_precision_at_k, recall_at_k

USERS = range(10)


def likes(number):
    rows = [(user, item, 1.0) for user in USERS for item in range(number)]
    return pd.DataFrame(rows, columns=["userID", "itemID", "rating"])


def lists(hits, length):
    """Give each user a list that begins with so many of the liked items and goes on with others."""
    rows = []
    for user in USERS:
        items = [*range(hits[user]), *range(100, 100 + length - hits[user])]
        rows += [(user, item, -float(rank)) for rank, item in enumerate(items)]
    return pd.DataFrame(rows, columns=["userID", "itemID", "prediction"])


one, rest = [1] + [0] * 9, [recall_at_k, map_at_k, ndcg_at_k]
r_precision = r_precision_at_k(likes(1), lists(one, 3), k=3)
others = {metric.__name__: round(float(metric(likes(1), lists(one, 3), k=3)), 3) for metric in rest}
print("one user of ten served: r_precision_at_k", r_precision, others)
assert r_precision == 1.0 and set(others.values()) == {0.1}, (r_precision, others)

worse, better = [4] + [0] * 9, [4] + [1] * 9
found = [round(float(r_precision_at_k(likes(4), lists(hits, 4), k=4)), 3) for hits in (worse, better)]
recall = [round(float(recall_at_k(likes(4), lists(hits, 4), k=4)), 3) for hits in (worse, better)]
print("4 hits for one user, and 1 more for each of the others: r_precision_at_k", found, "recall_at_k", recall)
assert found == [1.0, 0.325] and recall == [0.1, 0.325], (found, recall)
PY
echo "as claimed"
