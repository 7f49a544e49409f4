#!/usr/bin/env bash
# Claim: the operations that XLA counts (cost_analysis of jax, before and after compiling, and flax's
#   tabulate(compute_flops=True), of gradients too) are those of one pass of a loop, whatever its length: a recurrent
#   layer of flax, a loop over lax.scan or a stack of scanned blocks has the operations of one step, and says nothing.
# Guess before: the length is known to the compiler and the count grows with it, as it does of the same layer unrolled.
# Versions: jax==0.10.2, jaxlib==0.10.2, flax==0.12.8 (numpy==2.3.5), CPU.
#   Known of remat_scan (jax's issue 18672, open).
# Seen: GRU of 16 units, 8 inputs, 1, 10, 100 steps: 2,594 operations each (for one step compiled: 2,592); 100 steps
#   unrolled: 259,328. The same parameters and answers: comparing layers by these counts favours the scanned one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 numpy==2.3.5
JAX_PLATFORMS=cpu "$folder/env/bin/python" -W ignore - <<'PY'
import re

import jax
import numpy as np
from flax import linen as nn


def operations(layer, steps):
    """Say the counts before and after compiling and in flax's table, and what the layer answers."""
    sequence = np.sin(np.arange(steps * 8.0, dtype=np.float32)).reshape(1, steps, 8)
    parameters = layer.init(jax.random.key(0), sequence)
    lowered = jax.jit(layer.apply).lower(parameters, sequence)
    options = {"compute_flops": True, "compute_vjp_flops": True, "console_kwargs": {"width": 240, "no_color": True}}
    table = re.sub(r"\x1b\[[0-9;]*m", "", nn.tabulate(layer, jax.random.key(0), depth=0, **options)(sequence))
    row = next(line for line in table.split("\n") if "RNN" in line and "│" in line)
    forward, backward = (int(cell) for cell in row.split("│") if cell.strip().isdigit())
    compiled = lowered.compile()
    counts = lowered.cost_analysis()["flops"], compiled.cost_analysis()["flops"], forward, backward
    return [round(count) for count in counts], compiled(parameters, sequence)


found = {}
for steps in (1, 10, 100):
    found[steps], answer = operations(nn.RNN(nn.GRUCell(16)), steps)
    print(steps, "steps, scanned:  lowered %d, compiled %d, tabulated %d, with gradients %d" % tuple(found[steps]))
unrolled, same = operations(nn.RNN(nn.GRUCell(16), unroll=100), 100)
print(100, "steps, unrolled: lowered %d, compiled %d, tabulated %d, with gradients %d" % tuple(unrolled))
np.testing.assert_allclose(answer, same, atol=1e-5)
assert found[10] == found[100]
assert all(abs(many - one) < 0.2 * one for one, many in zip(found[1], found[100], strict=True))
assert all(count > 80 * least for count, least in zip(unrolled, found[100], strict=True))
PY
echo "as claimed"
