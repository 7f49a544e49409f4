#!/usr/bin/env bash
# Claim: torchvision's MNIST takes whatever IDX files have the right names: other pictures, another size, labels above 9
#   and another number of examples load without a word, and download=True keeps them. Its CIFAR-10 compares checksums.
# Guess before: the checksums that it has for the downloads are compared with the files that it loads.
# Versions: torchvision==0.29.2 with torch==2.15.0.
# Seen: 7 pictures of 5 x 9 with labels 200 to 206 are "MNIST"; a damaged CIFAR-10 raises RuntimeError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import struct
from pathlib import Path

import numpy as np
import torchvision
from torchvision.datasets import CIFAR10, MNIST


def write_idx(array, path):
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.tobytes())


raw = Path("MNIST/raw")
raw.mkdir(parents=True)
for part in ("train", "t10k"):
    write_idx(np.full((7, 5, 9), 3, np.uint8), raw / f"{part}-images-idx3-ubyte")
    write_idx(np.arange(200, 207).astype(np.uint8), raw / f"{part}-labels-idx1-ubyte")
found = MNIST(".", train=True, download=True)
print(torchvision.__version__, tuple(found.data.shape), found.targets.tolist())
assert tuple(found.data.shape) == (7, 5, 9) and found.targets.tolist() == list(range(200, 207))

batches = Path("cifar-10-batches-py")
batches.mkdir()
for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch", "batches.meta"):
    (batches / name).write_bytes(b"damaged")
try:
    CIFAR10(".", train=True)
except RuntimeError as error:
    print(error)
else:
    raise AssertionError("CIFAR-10 was taken")
PY
echo "as claimed"
