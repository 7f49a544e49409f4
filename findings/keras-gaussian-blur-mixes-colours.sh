#!/usr/bin/env bash
# Claim: keras.ops.image.gaussian_blur, called on an array as in its own documentation, takes images for channels first
#   where Keras runs on torch or JAX: no data format is given, and None is "not channels last". A picture of rows x
#   columns x colours is blurred over columns and colours, rows are left sharp, and colours get a black edge. On NumPy
#   the same call is right; in a functional model, and with the format named, torch and JAX are right, too: one network
#   gets other pictures where it is fed by a function than where the blur is a layer of it. sobel_edges, with None by
#   the same default, is right everywhere.
# Guess before: None stands for keras.config.image_data_format(), as documented, which is channels last everywhere.
# Versions: keras==3.15.1, torch==2.15.0, jax==0.10.2, numpy==2.3.5 (CPU).
# Seen: a plain picture of colour 0.20, 0.50, 0.90, in its middle: NumPy 0.20, 0.50, 0.90; torch and JAX 0.23, 0.53,
#   0.54 (0.20, 0.50, 0.90 in a model or with data_format="channels_last"). A horizontal edge from 0 to 1, all colours
#   alike: NumPy rises 0.00, 0.27, 0.73, 1.00 (of the middle colour), torch and JAX 0.00, 0.00, 1.00, 1.00.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 keras==3.15.1 jax==0.10.2 numpy==2.3.5
cat >"$folder/blur.py" <<'PY'
import sys

import keras
import numpy as np
from keras import ops

assert keras.config.image_data_format() == "channels_last"
right = keras.backend.backend() == "numpy"
plain = np.tile(np.array([0.2, 0.5, 0.9], "float32"), (8, 8, 1))
edge = np.zeros((8, 8, 3), "float32")
edge[4:] = 1
inputs = keras.Input((8, 8, 3))
model = keras.Model(inputs, ops.image.gaussian_blur(inputs))
ways = {
    "as it is": ops.image.gaussian_blur,
    "format named": lambda pictures: ops.image.gaussian_blur(pictures, data_format="channels_last"),
    "in a model": model,
}
for way, blur in ways.items():
    pictures = ops.convert_to_tensor(np.stack([plain, edge]))
    blurred = ops.convert_to_numpy(blur(pictures))
    assert blurred.shape == (2, 8, 8, 3)
    colour, rows = blurred[0, 4, 4], blurred[1, 2:6, 4, 1]
    print(f"{keras.backend.backend()}, {way}: colour {colour.round(2)}, rows {rows.round(2)}")
    expected = [0.2, 0.5, 0.9], [0, 0.27, 0.73, 1]
    if way == "as it is" and not right:
        expected = [0.23, 0.53, 0.54], [0, 0, 1, 1]
    assert np.allclose(colour, expected[0], atol=0.01) and np.allclose(rows, expected[1], atol=0.01), way
slopes = ops.convert_to_numpy(ops.image.sobel_edges(ops.convert_to_tensor(plain[None])))
assert np.abs(slopes[:, 2:-2, 2:-2]).max() < 1e-5
PY
for backend in numpy torch jax; do
  KERAS_BACKEND=$backend OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore "$folder/blur.py"
done
echo "as claimed"
