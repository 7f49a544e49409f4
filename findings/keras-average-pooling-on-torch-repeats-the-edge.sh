#!/usr/bin/env bash
# Claim: Keras's AveragePooling1D, 2D and 3D with padding="same" average other numbers on torch than on NumPy and JAX
#   wherever the padding of the two sides differs. On the others, positions beyond the edge do not count; on torch they
#   are filled with the number at the edge, which then counts two or three times. Where both sides get the same padding
#   torch is right, so that pools of 3 by strides of 1, which anybody would try, agree. MaxPooling and convolutions
#   with "same" agree everywhere. The same .keras file predicts otherwise where the backend is another, unwarned.
# Guess before: "same" means one thing in a library of several backends; at most rounding differs.
# Versions: keras==3.15.1, torch==2.15.0, jax==0.10.2, numpy==2.3.5 (CPU).
# Seen: 1, 2, 4, 8, 16 by pools of 4, strides of 1: NumPy and JAX 2.33, 3.75, 7.50, 9.33, 12.00; torch 2.00, 3.75,
#   7.50, 11.00, 14.00. Pools of 3, strides of 3: 2.33, 12.00; torch 2.33, 13.33. Pools of 3, strides of 1: all alike.
#   A network of one such pool and a linear layer, saved on NumPy and loaded on torch, answers up to 0.11 otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 keras==3.15.1 jax==0.10.2 numpy==2.3.5
cat >"$folder/pool.py" <<'PY'
import os

import keras
import numpy as np
from keras import layers, ops

backend = keras.backend.backend()
on_torch = backend == "torch"
series = np.array([1, 2, 4, 8, 16], "float32").reshape(1, 5, 1)


def pooled(kind, *arguments):
    return ops.convert_to_numpy(kind(*arguments, padding="same")(series)).ravel()


expected = {
    (4, 1): ([2, 3.75, 7.5, 11, 14] if on_torch else [7 / 3, 3.75, 7.5, 28 / 3, 12]),
    (3, 3): ([7 / 3, 40 / 3] if on_torch else [7 / 3, 12]),
    (3, 1): [1.5, 7 / 3, 14 / 3, 28 / 3, 12],
}
for sizes, numbers in expected.items():
    seen = pooled(layers.AveragePooling1D, *sizes)
    print(f"{backend}: average of {sizes[0]} by {sizes[1]}:", *(f"{number:.2f}" for number in seen))
    assert np.allclose(seen, numbers, atol=1e-4), sizes
assert pooled(layers.MaxPooling1D, 4, 1).tolist() == [4, 8, 16, 16, 16]

if not os.path.exists("network.keras"):
    keras.utils.set_random_seed(0)
    pool = layers.AveragePooling2D(4, 2, padding="same")
    network = keras.Sequential([keras.Input((7, 7, 1)), pool, layers.Flatten(), layers.Dense(3)])
    network.save("network.keras")
network = keras.saving.load_model("network.keras", compile=False)
picture = np.random.default_rng(0).random((1, 7, 7, 1), "float32")
answer = ops.convert_to_numpy(network(ops.convert_to_tensor(picture)))
if not os.path.exists("answer.npy"):
    np.save("answer.npy", answer)
difference = np.abs(answer - np.load("answer.npy")).max()
print(f"{backend}: the saved network answers {difference:.4f} otherwise")
assert difference > 0.05 if on_torch else difference < 1e-5
PY
cd "$folder"
for backend in numpy jax torch; do
  KERAS_BACKEND=$backend OMP_NUM_THREADS=1 env/bin/python -W ignore pool.py
done
echo "as claimed"
