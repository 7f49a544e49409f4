#!/usr/bin/env bash
# Claim: batch norm of equinox with mode="batch", the mode that it recommends for new code, begins its average of the
#   variance at 1 and divides at inference by 1 - momentum^n, the correction of an average that begins at 0. After n
#   steps it infers with the variance + momentum^n / (1 - momentum^n): 99 too much after one step of the default
#   momentum of 0.99, 0.58 after a hundred, 0.05 after three hundred. Training uses the batch and shows nothing; in
#   evaluation what varies little is squeezed towards zero. mode="ema" and haiku's batch norm, which corrects an
#   average that begins at 0, are right.
# Guess before: a corrected average of the same batch over and over is that batch's variance from the first step on.
# Versions: equinox==0.13.8, dm-haiku==0.0.17, jax==0.10.2, jaxlib==0.10.2, numpy==2.4.6, CPU.
# Seen: channels of standard deviation 0.1, momentum 0.99, the same batch at every step. Standard deviation of the
#   output in evaluation after 1, 100, 300, 1000 steps: mode="batch" 0.010, 0.127, 0.393, 0.997; in training, with
#   mode="ema" and of haiku 0.999 throughout (eps takes the rest).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet equinox==0.13.8 dm-haiku==0.0.17 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$folder/env/bin/python" -W ignore - <<'PY'
import equinox as eqx
import haiku as hk
import jax
import numpy as np

MOMENTUM = 0.99
batch = (np.random.default_rng(0).normal(size=(256, 4)) * 0.1 + 0.3).astype("float32")
variance = batch.var(0)


def of_equinox(mode):
    """Returns a function that takes one step of training, and one that evaluates; both return the outputs."""
    layer, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(4, axis_name="batch", momentum=MOMENTUM, mode=mode)
    on_batch = {"axis_name": "batch", "in_axes": (0, None), "out_axes": (0, None)}
    train = jax.jit(jax.vmap(layer, **on_batch))
    evaluate = jax.jit(jax.vmap(eqx.nn.inference_mode(layer), **on_batch))
    held = {"state": state}

    def step():
        output, held["state"] = train(batch, held["state"])
        return output

    return step, lambda: evaluate(batch, held["state"])[0]


def of_haiku():
    """Returns the same two functions of haiku's layer."""
    layer = hk.transform_with_state(lambda x, train: hk.BatchNorm(False, False, MOMENTUM)(x, is_training=train))
    parameters, state = layer.init(jax.random.PRNGKey(0), batch, True)
    apply = jax.jit(lambda state, train: layer.apply(parameters, state, None, batch, train), static_argnums=1)
    held = {"state": state}

    def step():
        output, held["state"] = apply(held["state"], True)
        return output

    return step, lambda: apply(held["state"], False)[0]


for name, (step, evaluate) in {
    "equinox, batch": of_equinox("batch"),
    "equinox, ema": of_equinox("ema"),
    "haiku": of_haiku(),
}.items():
    for n in range(1, 1001):
        trained = step()
        if n not in (1, 100, 300, 1000):
            continue
        seen, in_training = np.std(evaluate()), np.std(trained)
        added = MOMENTUM**n / (1 - MOMENTUM**n)
        print(f"{name}, {n} steps: standard deviation in training {in_training:.3f}, in evaluation {seen:.3f}")
        assert abs(in_training - 1) < 2e-3
        if name == "equinox, batch":
            expected = np.std((batch - batch.mean(0)) / np.sqrt(variance + added + 1e-5))
            assert abs(seen - expected) < 2e-3
        else:
            assert abs(seen - 1) < 2e-3
PY
echo "as claimed"
