#!/usr/bin/env bash
# Claim: Hugging Face's Dataset.class_encode_column, which turns a column into the ClassLabel that a stratified split
#   insists on, sorts integer labels as words: labels 0 to 11 become the classes 0, 1, 10, 11, 2, ..., so that 10 turns
#   into 2 and 2 into 4. Up to ten classes nothing moves. The column holds integers of the same range before and after:
#   a network trained with the labels as they were (CIFAR-100's, ImageNet's) scores like chance, without an error.
# Guess before: integers from 0 to n - 1 are class numbers already and keep their value; names are given in their order.
# Versions: datasets==5.2.0 (numpy==2.3.5).
# Seen: share of labels that keep their number: 10 classes 100 %, 12 classes 17 % (0 and 1), 100 classes 12 %, 1,000
#   classes 1.2 %. The classes of 12: 0, 1, 10, 11, 2, 3, ...
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet datasets==5.2.0 numpy==2.3.5
HF_HOME="$folder/home" HF_HUB_OFFLINE=1 "$folder/env/bin/python" - <<'PY'
import datasets
import numpy as np

datasets.disable_progress_bars()
kept = {}
for classes in (10, 12, 100, 1_000):
    labels = np.repeat(np.arange(classes), 2)
    data = datasets.Dataset.from_dict({"label": labels})
    try:
        data.train_test_split(0.5, stratify_by_column="label")
    except ValueError as error:
        assert "only supported for ClassLabel" in str(error), error
    encoded = data.class_encode_column("label")
    split = encoded.train_test_split(0.5, stratify_by_column="label", seed=0)
    assert sorted(split["test"]["label"]) == list(range(classes))
    kept[classes] = float(np.mean(np.array(encoded["label"]) == labels))
    print(f"{classes} classes: {100 * kept[classes]:.1f} % of labels kept; classes",
          encoded.features["label"].names[:6])
    if classes == 12:
        assert encoded["label"][:] == [new for old in (0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3) for new in (old, old)]
assert kept[10] == 1 and kept[12] < 0.2 and kept[100] < 0.2 and kept[1_000] < 0.02, kept
PY
echo "as claimed"
