#!/usr/bin/env bash
# Claim: reciprocal rank, average precision, precision and recall of torchmetrics' rankings take an item whose score is
#   not above zero for one that was not found at all. Logits that rank every user's item right get 0 where they are
#   negative, as those of a model trained with a sigmoid are for nearly all items. NDCG and hit rate of the same package
#   go by the order alone.
# Guess before: a ranking depends on the order of the scores, so adding a constant to all of them changes nothing.
# Versions: torchmetrics==1.9.0, torch==2.15.0, numpy==2.3.5.
# Seen: the right item first, scores 3, 2, 1: all metrics 1; the same less 10 (-7, -8, -9): NDCG and hit rate 1, others
#   0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.15.0 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import torch
import torchmetrics
from torchmetrics import retrieval

METRICS = {
    "NDCG": retrieval.RetrievalNormalizedDCG(),
    "reciprocal rank": retrieval.RetrievalMRR(),
    "average precision": retrieval.RetrievalMAP(),
    "hit rate": retrieval.RetrievalHitRate(top_k=1),
    "precision": retrieval.RetrievalPrecision(top_k=1),
    "recall": retrieval.RetrievalRecall(top_k=1),
}
target, query = torch.tensor([1, 0, 0]), torch.zeros(3, dtype=torch.long)


def values(scores):
    found = {}
    for name, metric in METRICS.items():
        metric.reset()
        metric.update(scores, target, indexes=query)
        found[name] = float(metric.compute())
    return found


scores = torch.tensor([3.0, 2.0, 1.0])
above, below = values(scores), values(scores - 10)
print(torchmetrics.__version__, {"3, 2, 1": above, "-7, -8, -9": below})
assert set(above.values()) == {1.0}
assert below.pop("NDCG") == below.pop("hit rate") == 1.0
assert len(below) == 4 and set(below.values()) == {0.0}, below
PY
echo "as claimed"
