#!/usr/bin/env bash
# Claim: the spectral radius that torchdeq reports of an equilibrium (sradius_mode=True, power_method) is the Rayleigh
#   quotient of the last vector: where the dominant eigenvalues of the Jacobian are a complex pair, as of most random
#   weights, it does not converge, may be below the radius by any factor and depends on the random start. A map that
#   turns by 90 degrees and grows by 1.5 a step is reported as radius 0.
# Guess before: the power method that the documentation names finds |eigenvalue|, so that below 1 the iteration is
#   stable and above 1 it is not; the length of the product, which it computes for normalising, would be closer.
# Versions: torchdeq==0.1.0, torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: turned by 0, 60, 90 degrees and scaled by 1.5: reported 1.50, 0.75, 0.00; the iteration diverges in each.
#   100 random weights of 64 units of radius 1.05, 63 with a complex pair: reported below 1 for 60, below 0.5 for 25.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchdeq==0.1.0 torch==2.15.0 numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
from torchdeq import get_deq


def reported(weights):
    """Say what torchdeq reports of z -> W z + 1, and the distance of the last two of 60 plain steps."""
    deq = get_deq(f_solver="fixed_point_iter", f_max_iter=60, f_tol=1e-9).eval()
    start = torch.zeros(1, len(weights))
    _, info = deq(lambda z: z @ weights.T + 1, start, sradius_mode=True)
    return info["sradius"].item(), info["abs_trace"][0, -1].item()


torch.manual_seed(0)
for degrees, expected in ((0, 1.5), (60, 0.75), (90, 0.0)):
    angle = math.radians(degrees)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    radius, step = reported(1.5 * turn)
    print(f"turned by {degrees} degrees, scaled by 1.5: radius reported {radius:.2f}, last step {step:.2g}")
    assert abs(radius - expected) < 1e-3 and step > 1e6

below, far, complex_pairs = 0, 0, 0
for _ in range(100):
    weights = torch.randn(64, 64)
    values = torch.linalg.eigvals(weights)
    dominant = values[values.abs().argmax()]
    complex_pairs += abs(dominant.imag.item()) > 1e-3
    radius, _ = reported(1.05 * weights / dominant.abs())
    below += radius < 1
    far += radius < 0.5
print(f"100 random weights of radius 1.05: dominant pair complex in {complex_pairs}; reported below 1 {below},",
      f"below 0.5 {far}")
assert complex_pairs > 50 and below > 50 and far > 15
PY
echo "as claimed"
