#!/usr/bin/env bash
# Claim: OptimizedLSTMCell and GRUCell of flax.nnx draw one orthogonal matrix for all gates side by side, of H rows and
#   4H (3H) columns. No gate's own recurrent matrix is orthogonal then: its singular values spread from about 0 to 1
#   with a root mean square of 1/2 (GRU: 1/sqrt(3)). LSTMCell of the same module, "compatible" by the docstring and with
#   the same default initialiser, and the optimised cell and the GRU of flax.linen draw one orthogonal matrix a gate:
#   all singular values are 1. What runs faster, or was moved from linen, also begins to train with half the recurrence.
# Guess before: an optimised cell is the same cell, faster: same distribution of weights at the start.
# Versions: flax==0.12.8, jax==0.10.2, jaxlib==0.10.2, numpy==2.4.6, CPU.
# Seen: 64 units, root mean square of the singular values of a gate's recurrent matrix, smallest and largest: nnx
#   LSTMCell 1.000 (1.000 to 1.000), nnx OptimizedLSTMCell 0.500 (0.00 to 0.86), nnx GRUCell 0.577 (0.00 to 0.94),
#   linen's three cells 1.000 (1.000 to 1.000).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$folder/env/bin/python" -W ignore - <<'PY'
import flax.linen as linen
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

UNITS = 64


def of_nnx(cell):
    parts = nnx.state(cell(UNITS, UNITS, rngs=nnx.Rngs(0)), nnx.Param)
    return {path[0]: np.asarray(value) for path, value in nnx.to_flat_state(parts) if path[-1] == "kernel"}


def of_linen(cell):
    layer, x = cell(UNITS), jnp.ones((1, UNITS))
    carry = layer.initialize_carry(jax.random.key(0), x.shape)
    parts = layer.init(jax.random.key(0), carry, x)["params"]
    return {name: np.asarray(part["kernel"]) for name, part in parts.items()}


def gates(kernels):
    """Returns the square recurrent matrices of a cell, one a gate."""
    recurrent = [kernel for name, kernel in kernels.items() if name.startswith("h") or name == "dense_h"]
    return [gate for kernel in recurrent for gate in np.split(kernel, kernel.shape[1] // UNITS, axis=1)]


for name, kernels, expected in (
    ("nnx LSTMCell", of_nnx(nnx.LSTMCell), 1),
    ("nnx OptimizedLSTMCell", of_nnx(nnx.OptimizedLSTMCell), 1 / 2),
    ("nnx GRUCell", of_nnx(nnx.GRUCell), 3**-0.5),
    ("linen LSTMCell", of_linen(linen.LSTMCell), 1),
    ("linen OptimizedLSTMCell", of_linen(linen.OptimizedLSTMCell), 1),
    ("linen GRUCell", of_linen(linen.GRUCell), 1),
):
    squares = gates(kernels)
    assert len(squares) == (3 if "GRU" in name else 4)
    values = np.array([np.linalg.svd(square, compute_uv=False) for square in squares])
    size = np.sqrt((values**2).mean())
    print(f"{name}: singular values {size:.3f} in root mean square, {values.min():.3f} to {values.max():.3f}")
    assert abs(size - expected) < 0.01
    assert (values.min() > 0.999 and values.max() < 1.001) == (expected == 1)
    assert expected == 1 or (values.min() < 0.1 and values.max() < 0.97)
PY
echo "as claimed"
