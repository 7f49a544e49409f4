#!/usr/bin/env bash
# Claim: Hugging Face's load_dataset("imagefolder") reads a folder of classes, root/CLASS/picture, as torchvision's
#   ImageFolder does, unless a class's name has a split's keyword for a word (train, training, test, testing, eval,
#   evaluation, val, valid, validation, dev). It then takes that class alone for the whole data set, as that split,
#   without labels: all other classes are left out without a word. CIFAR-100, COCO and Pascal VOC have a class "train".
# Guess before: names of folders that lie next to each other are labels, or the loader asks which of the two they are.
# Versions: datasets==5.2.0, pillow==13.0.0.
# Seen: of bus, car, train with 3 pictures each: split "train" with 3 pictures and no label; healthy, "test strip",
#   vial: split "test" with 3; laptop, phone, "dev board": split "validation" with 3; bus, car, tram: all 9, 3 labels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet datasets==5.2.0 pillow==13.0.0 numpy==2.3.5
cd "$folder"
export HF_HOME="$folder/home" HF_HUB_OFFLINE=1
"$folder/env/bin/python" - <<'PY'
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()


def load(root, *classes):
    for shade, name in enumerate(classes):
        Path(root, name).mkdir(parents=True)
        for i in range(3):
            Image.new("L", (8, 8), 50 * shade + i).save(Path(root, name, f"{i}.png"))
    splits = datasets.load_dataset("imagefolder", data_dir=root)
    seen = {split: (len(rows), rows.features["label"].names if "label" in rows.features else None)
            for split, rows in splits.items()}
    print(f"{len(list(Path(root).glob('*/*.png')))} pictures of {', '.join(classes)}: {seen}")
    return seen


assert load("plain", "bus", "car", "tram") == {"train": (9, ["bus", "car", "tram"])}
assert load("traffic", "bus", "car", "train") == {"train": (3, None)}
assert load("health", "healthy", "test strip", "vial") == {"test": (3, None)}
assert load("devices", "laptop", "phone", "dev board") == {"validation": (3, None)}
PY
echo "as claimed"
