#!/usr/bin/env bash
# Claim: torch, Keras and flax (transpose_kernel=True) draw the weights of a transposed convolution by the number of
#   its outputs: the axis that they take for the fan-in is that of a convolution's kernel, and a transposed one has
#   inputs and outputs the other way round. A layer from 512 channels to 3, the last of a decoder, gets weights of 512
#   / 3 = 171 times the variance that a convolution of these sizes gets, by default and by kaiming_normal_ or he_normal
#   alike; one from 3 to 512 gets 1 / 171. kaiming_normal_(mode="fan_out") is what fan_in is elsewhere. haiku, MLX and
#   equinox, and flax without transpose_kernel, take the inputs.
# Guess before: fan_in is the number of inputs of a unit, or of input channels times the kernel, for both kinds of
#   layers.
# Versions: torch==2.15.0, keras==3.15.1, flax==0.12.8, dm-haiku==0.0.17, equinox==0.13.8, mlx==0.32.4 (mlx-cpu),
#   jax==0.10.2, jaxlib==0.10.2, numpy==2.3.5, CPU.
# Seen: variance of the transposed layer over that of the plain one, 512 to 3 and 3 to 512, kernels of 4 x 4: torch 172
#   and 0.0058 (kaiming_normal_ 173 and 0.0058), Keras 171 and 0.0058, flax with transpose_kernel 171 and 0.0059; flax
#   without, haiku, equinox and MLX 1.0 in both directions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 keras==3.15.1 flax==0.12.8 dm-haiku==0.0.17 equinox==0.13.8 \
  "mlx[cpu]==0.32.4" jax==0.10.2 jaxlib==0.10.2 numpy==2.3.5
KERAS_BACKEND=torch JAX_PLATFORMS=cpu OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import equinox as eqx
import haiku as hk
import jax
import keras
import mlx.core as mx
import mlx.nn as mlx_nn
import numpy as np
import torch
from flax import nnx
from torch import nn

MANY, FEW, KERNEL = 512, 3, 4
key = jax.random.PRNGKey(0)
mx.random.seed(0)
torch.manual_seed(0)
keras.utils.set_random_seed(0)


def of_keras(layer, inputs, initializer):
    layer = layer(MANY + FEW - inputs, KERNEL, kernel_initializer=initializer)
    layer.build((None, 8, 8, inputs))
    return keras.ops.convert_to_numpy(layer.kernel)


def of_torch(layer, inputs, initialise):
    weight = layer(inputs, MANY + FEW - inputs, KERNEL).weight
    return initialise(weight).detach().numpy()


def of_haiku(layer, inputs):
    network = hk.transform(lambda x: layer(MANY + FEW - inputs, KERNEL)(x))
    return next(iter(network.init(key, np.zeros((1, 8, 8, inputs))).values()))["w"]


def of_flax(layer, inputs, **options):
    return layer(inputs, MANY + FEW - inputs, (KERNEL, KERNEL), rngs=nnx.Rngs(0), **options).kernel[...]


plain, kaiming = (lambda weight: weight), nn.init.kaiming_normal_
kinds = {
    "torch": lambda i, t: of_torch(nn.ConvTranspose2d if t else nn.Conv2d, i, plain),
    "torch, kaiming_normal_": lambda i, t: of_torch(nn.ConvTranspose2d if t else nn.Conv2d, i, kaiming),
    "Keras, he_normal": lambda i, t: of_keras(keras.layers.Conv2DTranspose if t else keras.layers.Conv2D, i, "he_normal"),
    "flax, transpose_kernel": lambda i, t: (
        of_flax(nnx.ConvTranspose, i, transpose_kernel=True) if t else of_flax(nnx.Conv, i)
    ),
    "flax": lambda i, t: of_flax(nnx.ConvTranspose if t else nnx.Conv, i),
    "haiku": lambda i, t: of_haiku(hk.Conv2DTranspose if t else hk.Conv2D, i),
    "equinox": lambda i, t: (eqx.nn.ConvTranspose2d if t else eqx.nn.Conv2d)(i, MANY + FEW - i, KERNEL, key=key).weight,
    "MLX": lambda i, t: (mlx_nn.ConvTranspose2d if t else mlx_nn.Conv2d)(i, MANY + FEW - i, KERNEL).weight,
}
for name, weights in kinds.items():
    for inputs in (MANY, FEW):
        ratio = np.var(np.array(weights(inputs, True))) / np.var(np.array(weights(inputs, False)))
        print(f"{name}, {inputs} to {MANY + FEW - inputs}: variance of transposed to plain {ratio:.3g}")
        swapped = name.startswith(("torch", "Keras", "flax, transpose"))
        expected = inputs / (MANY + FEW - inputs) if swapped else 1.0
        assert 0.9 < ratio / expected < 1.1
PY
echo "as claimed"
