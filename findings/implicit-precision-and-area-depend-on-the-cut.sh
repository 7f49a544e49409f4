#!/usr/bin/env bash
# Claim: two metrics of implicit are not those of their names. precision_at_k divides by the number of items that the
#   user likes where that is less than K: it grows with K, up to 1 for a random ranking, for it is recall then. It also
#   sums over all users before it divides. AUC_at_k cuts the ranking at K and takes the rest for a straight line: a
#   ranking that puts all liked items last gets 0.44 at K=5 and comes down to 0 only where K is the number of items.
# Guess before: precision at K is the share of the first K items that the user likes, so it falls with K towards the
#   share of liked items; the area of the worst ranking is 0, and of a random one 0.5, at any K.
# Versions: implicit==0.7.3, scipy==1.17.1, scikit-learn==1.9.1, numpy==2.4.6.
# Seen: 200 users, 50 items, each liked with a chance of 0.1. Random ranking, precision at 5, 10, 25, 50: implicit 0.12,
#   0.20, 0.51, 1.00; share of the first K 0.10, 0.10, 0.11, 0.10. Worst ranking, area: 0.44, 0.39, 0.22, 0.00.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet implicit==0.7.3 scipy==1.17.1 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
OPENBLAS_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np
from implicit.evaluation import AUC_at_k, precision_at_k
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score

CUTS = (5, 10, 25, 50)
random = np.random.default_rng(0)
liked = random.random((200, 50)) < 0.1
liked = liked[liked.any(1)]
test, train = csr_matrix(liked.astype(float)), csr_matrix(liked.shape)


class Ranking:
    """Recommends by scores that are given."""

    def __init__(self, scores):
        self.scores = scores

    def recommend(self, users, purchases, N=10, **_):  # noqa: N803 (implicit's name)
        scores = self.scores[users]
        items = np.argsort(-scores, axis=1)[:, :N].astype(np.int32)
        return items, np.take_along_axis(scores, items, 1)


def of_implicit(metric, scores):
    return [float(metric(Ranking(scores), train, test, K=cut, show_progress=False)) for cut in CUTS]


def share_of_first(scores, cut):
    return float(np.take_along_axis(liked, np.argsort(-scores, axis=1)[:, :cut], 1).mean())


blind = random.random(liked.shape)
worst = blind - 2 * liked
precision, area = of_implicit(precision_at_k, blind), of_implicit(AUC_at_k, worst)
shares = [share_of_first(blind, cut) for cut in CUTS]
whole = np.mean([roc_auc_score(likes, said) for likes, said in zip(liked, worst, strict=True)])
for cut, *row in zip(CUTS, precision, shares, area, strict=True):
    print("K=%d: random ranking: precision of implicit %.2f, share of the first K %.2f; worst: area %.2f" % (cut, *row))
assert precision == sorted(precision) and precision[-1] == 1.0 and max(shares) < 0.15
assert whole == 0 and area[0] > 0.4 and area[1] > 0.3 and abs(area[-1]) < 1e-9
PY
echo "as claimed"
