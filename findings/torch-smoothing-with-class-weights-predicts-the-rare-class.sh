#!/usr/bin/env bash
# Claim: in torch's cross_entropy, class weights and label smoothing together are not the weighted smoothed loss. The
#   part that smoothing spreads over the classes is weighted by each of those classes, not by the example's own. With
#   balanced weights and a rare class, the prediction of least loss for an example of the frequent class is the rare
#   class; each of the two options alone is right. Weighting the example's smoothed loss, as a per-example weight does,
#   keeps the label.
# Guess before: the example's smoothed loss times the weight of its class, over the sum of the weights.
# Versions: torch==2.13.0.
# Seen: 3 classes, weights 1, 1, 30, smoothing 0.1, an example of class 0: the least loss is at [0.475, 0.017, 0.508],
#   which is class 2. Weights alone: class 0. Smoothing alone: [0.933, 0.033, 0.033]. At equal logits the mean loss of a
#   batch of class 0 is 2.16 nats, not log 3 = 1.10, which it is with each of the two alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import math

import torch
from torch.nn.functional import cross_entropy

LABEL, WEIGHTS = torch.tensor([0]), torch.tensor([1.0, 1.0, 30.0])


def best_prediction(**options):
    logits = torch.zeros(1, 3, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=300, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = cross_entropy(logits, LABEL, **options)
        value.backward()
        return value

    optimizer.step(loss)
    return [round(share, 3) for share in logits.softmax(1)[0].tolist()]


both = {"weight": WEIGHTS, "label_smoothing": 0.1}
found = {"smoothing": best_prediction(label_smoothing=0.1), "weights": best_prediction(weight=WEIGHTS),
         "both": best_prediction(**both)}
at_equal_logits = cross_entropy(torch.zeros(1, 3), LABEL, **both).item()
print(found, f"{at_equal_logits:.3f} nats against {math.log(3):.3f}")
assert found["smoothing"] == [0.933, 0.033, 0.033]
assert found["weights"][0] > 0.99
assert found["both"][2] > found["both"][0] > found["both"][1]
assert at_equal_logits > 1.5
for alone in ({"weight": WEIGHTS}, {"label_smoothing": 0.1}):
    assert math.isclose(cross_entropy(torch.zeros(1, 3), LABEL, **alone).item(), math.log(3), rel_tol=1e-6)
PY
echo "as claimed"
