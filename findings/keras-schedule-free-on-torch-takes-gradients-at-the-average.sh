#!/usr/bin/env bash
# Claim: Keras's ScheduleFreeAdamW is another method on torch than on NumPy and JAX. It keeps "the old value" of its
#   fast sequence z before a step; on torch that is the tensor itself, which the step overwrites. What is left is that
#   the weights are the plain average of z: gradients are taken at the average, and beta_1, by which the method goes
#   between the average and z, has no effect at all. On NumPy and JAX the weights are those between, as in the authors'
#   package schedulefree after train(); nothing in Keras turns them into the average, which its documentation says is
#   for evaluation: evaluate() and save() take the weights of the next gradient.
# Guess before: one optimizer gives one path on each backend, as Adam, AdamW, Lamb, Muon and Adafactor of Keras do.
# Versions: keras==3.15.1, torch==2.15.0, jax==0.10.2, schedulefree==1.4.1, numpy==2.3.5 (CPU).
# Seen: 30 given gradients, rate 0.1, first weight: NumPy and JAX 0.847 (0.931 with beta_1 0.1), torch 0.837 with each
#   beta_1; schedulefree 0.847 after train(), 0.837 after eval(). A quadratic of curvatures 1, 10, 100, rate 0.01: loss
#   after 250 steps 0.088 on NumPy and JAX, 0.213 on torch. Adam: same weights on all to 1e-4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 keras==3.15.1 jax==0.10.2 schedulefree==1.4.1 numpy==2.3.5
cat >"$folder/steps.py" <<'PY'
import keras
import numpy as np
import schedulefree
import torch
from keras import ops

gradients = np.random.default_rng(0).normal(size=(30, 3)).astype("float32")
curvature = np.array([1, 10, 100], "float32")


def path(optimizer, gradient, steps):
    weights = keras.Variable(np.ones(3, "float32"))
    optimizer.build([weights])
    for step in range(steps):
        now = ops.convert_to_numpy(weights)
        optimizer.apply([ops.convert_to_tensor(gradient(step, now))], [weights])
    return np.array(ops.convert_to_numpy(weights))


def keras_after(beta):
    optimizer = keras.optimizers.ScheduleFreeAdamW(0.1, beta_1=beta, weight_decay=0.0)
    return path(optimizer, lambda step, now: gradients[step], len(gradients))


def authors_after(beta):
    weights = torch.nn.Parameter(torch.ones(3))
    optimizer = schedulefree.AdamWScheduleFree([weights], lr=0.1, betas=(beta, 0.999), weight_decay=0.0)
    optimizer.train()
    for gradient in gradients:
        weights.grad = torch.tensor(gradient)
        optimizer.step()
    between = weights.detach().clone().numpy()
    optimizer.eval()
    return between, weights.detach().numpy()


on_torch = keras.backend.backend() == "torch"
for beta in (0.9, 0.1):
    ours, (between, average) = keras_after(beta), authors_after(beta)
    print(f"{keras.backend.backend()}, beta_1 {beta}: {ours[0]:.3f}; schedulefree {between[0]:.3f}, {average[0]:.3f}")
    assert np.abs(between - average).max() > 0.01
    assert np.allclose(ours, average if on_torch else between, atol=1e-4)
assert np.allclose(keras_after(0.9), keras_after(0.1), atol=1e-4) == on_torch

last = path(keras.optimizers.ScheduleFreeAdamW(0.01, weight_decay=0.0), lambda step, now: curvature * now, 251)
loss = float((curvature * last**2).sum() / 2)
print(f"{keras.backend.backend()}, quadratic: {loss:.3f}")
assert abs(loss - (0.213 if on_torch else 0.088)) < 0.01
adam = path(keras.optimizers.Adam(0.1), lambda step, now: gradients[step], len(gradients))
print(f"{keras.backend.backend()}, Adam: {adam[0]:.4f}")
PY
for backend in numpy jax torch; do
  KERAS_BACKEND=$backend OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore "$folder/steps.py" |
    tee "$folder/$backend"
done
[ "$(cat "$folder/numpy" "$folder/jax" "$folder/torch" | grep Adam: | cut -d, -f2 | sort -u | wc -l)" = 1 ]
echo "as claimed"
