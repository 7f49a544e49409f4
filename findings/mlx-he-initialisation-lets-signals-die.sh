#!/usr/bin/env bash
# Claim: he_normal and he_uniform of MLX draw weights of variance 1 / fan_in. The 2 that He et al. put there for ReLU,
#   which is what sets their initialisation apart from LeCun's, is left to an argument gain, whose default is 1. In a
#   stack of layers with ReLU the squares of the signal halve at every layer: after 20 layers it has a thousandth of
#   its size. The functions of the same name in Keras and JAX, and kaiming_normal_ of torch, keep it.
# Guess before: he_normal is he_normal; a gain multiplies that.
# Versions: mlx==0.32.4 (mlx-cpu), jax==0.10.2, jaxlib==0.10.2, keras==3.15.1, torch==2.15.0, numpy==2.3.5, CPU.
# Seen: variance of 512 x 512 weights times 512: MLX 1.00 for both functions, Keras, JAX and torch 2.00. Root mean
#   square after 20 layers of 512 with ReLU, from 1: MLX 0.0015 and 0.0012, the others 0.69 to 1.31.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet "mlx[cpu]==0.32.4" jax==0.10.2 jaxlib==0.10.2 keras==3.15.1 torch==2.15.0 \
  numpy==2.3.5
KERAS_BACKEND=torch JAX_PLATFORMS=cpu OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import jax
import keras
import mlx.core as mx
import mlx.nn as mlx_nn
import numpy as np
import torch

WIDTH, LAYERS = 512, 20
mx.random.seed(0)
torch.manual_seed(0)
keys = iter(jax.random.split(jax.random.PRNGKey(0), 1000))
seeds = iter(range(1000))
shape = (WIDTH, WIDTH)
draw = {
    "MLX he_normal": lambda: mlx_nn.init.he_normal()(mx.zeros(shape)),
    "MLX he_uniform": lambda: mlx_nn.init.he_uniform()(mx.zeros(shape)),
    "JAX he_normal": lambda: jax.nn.initializers.he_normal()(next(keys), shape),
    "JAX he_uniform": lambda: jax.nn.initializers.he_uniform()(next(keys), shape),
    "Keras he_normal": lambda: keras.initializers.HeNormal(next(seeds))(shape),
    "Keras he_uniform": lambda: keras.initializers.HeUniform(next(seeds))(shape),
    "torch kaiming_normal_": lambda: torch.nn.init.kaiming_normal_(torch.empty(shape)),
    "torch kaiming_uniform_": lambda: torch.nn.init.kaiming_uniform_(torch.empty(shape)),
}
for name, weights in draw.items():
    signal = np.random.default_rng(0).normal(size=(64, WIDTH))
    variances = []
    for _ in range(LAYERS):
        drawn = weights()
        drawn = np.asarray(drawn.detach().cpu().numpy() if isinstance(drawn, torch.Tensor) else drawn, dtype="float64")
        variances.append(drawn.var() * WIDTH)
        signal = np.maximum(signal @ drawn, 0)
    factor, size = np.mean(variances), np.sqrt(np.mean(signal**2))
    print(f"{name}: variance times fan_in {factor:.2f}, root mean square after {LAYERS} layers {size:.4f}")
    if name.startswith("MLX"):
        assert abs(factor - 1) < 0.02 and size < 0.002
    else:
        assert abs(factor - 2) < 0.04 and 0.2 < size < 2
PY
echo "as claimed"
