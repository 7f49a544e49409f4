#!/usr/bin/env bash
# Claim: optax.amsgrad never forgets its first gradient. AMSGrad divides by the largest second moment so far; optax
#   takes the largest after each was corrected for its start from zero. At the first step that correction is by 1,000
#   (beta_2 0.999): the first gradient counts as if it had always been there, and the maximum keeps it. If it was ten
#   times the later ones, as in the first steps of a training, all steps are a tenth of the rate for ever. Keras (and
#   torch, tried apart) takes the largest of the moments as they are and corrects after; there, one early gradient is a
#   thousandth of its square in the maximum. bias_correction_nu=False, which optax's documentation calls the original
#   method, corrects no second moment at all while the first still is: the first step is 32 times the rate.
# Guess before: the same method in each library, as adam of optax and Keras is, to rounding.
# Versions: optax==0.2.8, keras==3.15.1 on jax==0.10.2, numpy==2.3.5 (CPU).
# Seen: how far 1,000 gradients of 1 go at rate 0.01: optax 10.00, Keras 10.00; with a first gradient of 10: optax
#   1.03, Keras 8.84; of 100: optax 0.13, Keras 1.89. Adam 10.00, 8.84, 2.43 in both. First step without the correction:
#   31.6 times the rate.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet optax==0.2.8 keras==3.15.1 jax==0.10.2 numpy==2.3.5
KERAS_BACKEND=jax "$folder/env/bin/python" -W ignore - <<'PY'
import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

RATE = 0.01


@functools.partial(jax.jit, static_argnums=0)
def step(optimizer, gradient, state, weight):
    update, state = optimizer.update(gradient, state, weight)
    return optax.apply_updates(weight, update), state


def with_optax(optimizer, gradients):
    weight = jnp.zeros(1)
    state = optimizer.init(weight)
    for gradient in gradients:
        weight, state = step(optimizer, jnp.array([gradient]), state, weight)
    return -float(weight[0])


def with_keras(amsgrad, gradients):
    optimizer, weight = keras.optimizers.Adam(RATE, amsgrad=amsgrad, epsilon=1e-8), keras.Variable(np.zeros(1))
    optimizer.build([weight])
    for gradient in gradients:
        optimizer.apply([jnp.array([gradient])], [weight])
    return -float(keras.ops.convert_to_numpy(weight)[0])


amsgrad, adam = optax.amsgrad(RATE), optax.adam(RATE)
for first, of_optax, of_keras in ((1.0, 10.0, 10.0), (10.0, 1.03, 8.84), (100.0, 0.13, 1.89)):
    gradients = [first] + [1.0] * 999
    ways = [with_optax(amsgrad, gradients), with_keras(True, gradients)]
    adams = [with_optax(adam, gradients), with_keras(False, gradients)]
    print(f"first gradient {first:g}: optax {ways[0]:.2f}, Keras {ways[1]:.2f}; Adam {adams[0]:.2f}, {adams[1]:.2f}")
    assert abs(ways[0] - of_optax) < 0.02 and abs(ways[1] - of_keras) < 0.02 and abs(adams[0] - adams[1]) < 0.02
uncorrected = with_optax(optax.amsgrad(RATE, bias_correction_nu=False), [1.0]) / RATE
print(f"first step without correction: {uncorrected:.1f} times the rate")
assert 31 < uncorrected < 32
PY
echo "as claimed"
