#!/usr/bin/env bash
# Claim: the Einsum layers of flax (nnx and linen) draw their kernel as that of a convolution: the last axis but one
#   counts as inputs, the last as outputs and all others as a window, whatever the equation says. A projection to 8
#   heads ("bd,dhk->bhk", kernel of 64 x 8 x 16) has 64 inputs a sum, but is drawn for 512: its outputs begin 1/sqrt(8)
#   as large, queries times keys an eighth. A product with an expert each ("ebd,edf->ebf") is drawn for 8 times its
#   inputs too. LinearGeneral of nnx, DenseGeneral of linen and EinsumDense of Keras take the fans from what is summed.
# Guess before: Einsum knows its equation, so inputs of variance 1 give outputs of variance 1 by the default,
#   lecun_normal, as in every other layer.
# Versions: flax==0.12.8, jax==0.10.2, jaxlib==0.10.2, numpy==2.4.6, keras==3.15.1 (on jax), CPU.
# Seen: standard deviation of the outputs, heads and experts: nnx.Einsum 0.35 and 0.35, linen.Einsum 0.35 and 0.35;
#   LinearGeneral, DenseGeneral and EinsumDense (heads, lecun_normal) 0.99 to 1.01.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 keras==3.15.1
KERAS_BACKEND=jax KERAS_HOME="$folder" JAX_PLATFORMS=cpu "$folder/env/bin/python" -W ignore - <<'PY'
import flax.linen as linen
import jax
import keras
import numpy as np
from flax import nnx

HEADS, INPUTS, WIDTH = 8, 64, 16
random = np.random.default_rng(0)
x = random.normal(size=(4096, INPUTS)).astype("float32")
of_experts = random.normal(size=(HEADS, 512, INPUTS)).astype("float32")
heads, experts = ("bd,dhk->bhk", (INPUTS, HEADS, WIDTH)), ("ebd,edf->ebf", (HEADS, INPUTS, WIDTH))


def of_nnx(layer, x):
    return layer(x)


def of_linen(layer, x):
    return layer.init_with_output(jax.random.key(0), x)[0]


rngs = nnx.Rngs(0)
lecun = keras.initializers.LecunNormal(seed=0)
projection = keras.layers.EinsumDense(heads[0], (HEADS, WIDTH), kernel_initializer=lecun)
for name, output, right in (
    ("nnx.Einsum, heads", of_nnx(nnx.Einsum(*heads, rngs=rngs), x), False),
    ("nnx.Einsum, experts", of_nnx(nnx.Einsum(*experts, rngs=rngs), of_experts), False),
    ("nnx.LinearGeneral, heads", of_nnx(nnx.LinearGeneral(INPUTS, (HEADS, WIDTH), rngs=rngs), x), True),
    ("linen.Einsum, heads", of_linen(linen.Einsum(heads[1], heads[0], use_bias=False), x), False),
    ("linen.Einsum, experts", of_linen(linen.Einsum(experts[1], experts[0], use_bias=False), of_experts), False),
    ("linen.DenseGeneral, heads", of_linen(linen.DenseGeneral((HEADS, WIDTH)), x), True),
    ("keras.layers.EinsumDense, heads", projection(x), True),
):
    seen = float(np.std(np.asarray(output)))
    print(f"{name}: standard deviation {seen:.3f}")
    assert abs(seen - (1 if right else HEADS**-0.5)) < 0.03
PY
echo "as claimed"
