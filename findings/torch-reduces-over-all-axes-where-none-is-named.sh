#!/usr/bin/env bash
# Claim: torch's mean, sum, std, norm and count_nonzero reduce over ALL axes where the list of axes is empty; NumPy, and
#   torch's own flip and squeeze, take an empty list for no axes. A mean "over the axes that are not channels" therefore
#   collapses to one number for a tensor whose axes are all channels.
# Guess before: no axes, as in NumPy: the tensor comes back as it is.
# Versions: torch==2.13.0 (CPU), numpy==2.3.5.
# Seen: mean([]) of a (2, 3) tensor has shape (), NumPy's mean(axis=()) shape (2, 3).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import numpy as np
import torch

x = torch.arange(6.0).reshape(2, 3)
torchs = {name: tuple(getattr(torch, name)(x, dim=[]).shape) for name in ("mean", "sum", "std", "norm", "count_nonzero")}
numpys = {name: getattr(np, name)(x.numpy(), axis=()).shape for name in ("mean", "sum", "std")}
others = {"flip": tuple(x.flip([]).shape), "squeeze": tuple(x[:1].squeeze(()).shape)}
print(torch.__version__, torchs, np.__version__, numpys, others)
assert set(torchs.values()) == {()}, torchs
assert set(numpys.values()) == {(2, 3)}, numpys
assert others == {"flip": (2, 3), "squeeze": (1, 3)}, others
PY
echo "as claimed"
