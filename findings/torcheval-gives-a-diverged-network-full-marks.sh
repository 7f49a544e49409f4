#!/usr/bin/env bash
# Claim: torcheval counts the classes that score strictly higher than the true one. Of a network that says NaN, or the
#   same number, for every class there is none: its top-k accuracy (k > 1), hit rate and reciprocal rank are 1.0, the
#   best there is, though its top-1 accuracy is chance. A search that ranks trials by them picks a diverged one.
#   ignite's top-k of both is about k / classes. Keras gives a constant network 1.0 as well (for any k), NaN 0.0.
# Guess before: top-k accuracy of ties is about k / classes; NaN counts as wrong, as chance, or raises.
# Versions: torcheval==0.0.7, pytorch-ignite==0.5.5, keras==3.15.1 on torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: 100 examples of 10 balanced classes, NaN: torcheval's top-1 0.1, top-2, hit rate at 1 and reciprocal rank 1.0;
#   ignite's top-5 0.5, Keras's 0.0. Zeros: the same, but Keras's top-1 is 1.0 beside its accuracy of 0.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 torcheval==0.0.7 pytorch-ignite==0.5.5 keras==3.15.1
KERAS_BACKEND=torch "$folder/env/bin/python" - <<'PY'
import keras
import torch
from ignite.metrics import TopKCategoricalAccuracy
from torcheval.metrics.functional import hit_rate, multiclass_accuracy, reciprocal_rank

labels = torch.arange(100) % 10


def seen(logits):
    ignite = TopKCategoricalAccuracy(k=5)
    ignite.update((logits, labels))

    def of_keras(metric, **k):
        return float(keras.ops.mean(metric(labels, logits, **k)))

    return {
        "torcheval top-1": multiclass_accuracy(logits, labels).item(),
        "torcheval top-2": multiclass_accuracy(logits, labels, k=2).item(),
        "torcheval hit rate at 1": hit_rate(logits, labels, k=1).mean().item(),
        "torcheval reciprocal rank": reciprocal_rank(logits, labels).mean().item(),
        "ignite top-5": ignite.compute(),
        "keras accuracy": of_keras(keras.metrics.sparse_categorical_accuracy),
        "keras top-1": of_keras(keras.metrics.sparse_top_k_categorical_accuracy, k=1),
        "keras top-5": of_keras(keras.metrics.sparse_top_k_categorical_accuracy, k=5),
    }


for name, value, keras_top in (("NaN", float("nan"), 0.0), ("zero", 0.0, 1.0)):
    found = seen(torch.full((100, 10), value))
    print(f"{name} everywhere:", {key: round(number, 3) for key, number in found.items()})
    assert all(abs(found[key] - 0.1) < 1e-6 for key in ("torcheval top-1", "keras accuracy")), found
    for metric in ("top-2", "hit rate at 1", "reciprocal rank"):
        assert found[f"torcheval {metric}"] == 1, found
    assert abs(found["ignite top-5"] - 0.5) < 1e-6 and found["keras top-1"] == found["keras top-5"] == keras_top, found
PY
echo "as claimed"
