#!/usr/bin/env bash
# Claim: a model card of huggingface_hub merges the results whose task, dataset_type, config, split and revision are
#   equal, and keeps the dataset_name, dataset_args, task_name and source of the first alone. Data sets of one's own
#   share a type ("imagefolder", "csv"): the accuracy on CIFAR-100 is then filed under CIFAR-10, folds and sources
#   become one, and two accuracies stand side by side. Nothing is raised; what is read back says the same.
# Guess before: data sets of different names are different entries, and a card reads back as it was written.
# Versions: huggingface_hub==2.4.0. Issue 4975 (September 2026, closed) tells of arguments, source and task.
# Seen: CIFAR-10 accuracy 0.9, CIFAR-100 accuracy 0.6, MNIST F1 0.99, all "imagefolder": the card has one data set,
#   CIFAR-10, with accuracy 0.9, accuracy 0.6 and F1 0.99. Folds 1 and 2 of Adult: twice fold 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet huggingface_hub==2.4.0
HF_HOME="$folder/home" HF_HUB_OFFLINE=1 "$folder/env/bin/python" - <<'PY'
from huggingface_hub import EvalResult, ModelCard, ModelCardData


def read_back(*results):
    """Write a card with these results; say what the text and the card that is read from it hold."""
    data = ModelCardData(model_name="network", eval_results=list(results))
    text = f"---\n{data.to_yaml()}\n---\nA network."
    return text, ModelCard(text).data.eval_results


def result(name, metric, value, **options):
    return EvalResult("image-classification", options.pop("type", "imagefolder"), name, metric, value, **options)


written = [result("CIFAR-10", "accuracy", 0.9), result("CIFAR-100", "accuracy", 0.6), result("MNIST", "f1", 0.99)]
text, read = read_back(*written)
print(text)
assert "CIFAR-100" not in text and "MNIST" not in text
assert [(r.dataset_name, r.metric_type, r.metric_value) for r in read] == [
    ("CIFAR-10", "accuracy", 0.9), ("CIFAR-10", "accuracy", 0.6), ("CIFAR-10", "f1", 0.99)]

_, read = read_back(*(result("Adult", "accuracy", value, type="csv", dataset_args={"fold": fold})
                      for fold, value in ((1, 0.85), (2, 0.83))))
print("folds 1 and 2:", [(r.dataset_args, r.metric_value) for r in read])
assert [(r.dataset_args, r.metric_value) for r in read] == [({"fold": 1}, 0.85), ({"fold": 1}, 0.83)]

_, read = read_back(*(result(name, "accuracy", value, type=name.lower()) for name, value in (("A", 0.9), ("B", 0.6))))
assert [(r.dataset_name, r.metric_value) for r in read] == [("A", 0.9), ("B", 0.6)]
PY
echo "as claimed"
