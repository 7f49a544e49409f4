#!/usr/bin/env bash
# Claim: scipy.stats.nct.cdf (and scipy.special.nctdtr, which it calls) is NaN for single non-centralities in the midst
#   of ones for which it is right: 9 degrees of freedom, t = 2.26, at 38, but not at 37, 40 or 50. The survival function
#   nct.sf is 1.0 at all of them, though it should be 1 - cdf. The power of a t-test is computed from either.
# Guess before: the distribution function underflows to 0 and stays there.
# Versions: scipy==1.17.1, numpy==2.3.5.
# Seen: cdf 6e-184 at 37, nan at 38, 8e-184 at 40, 0.0 at 50; sf 1.0 at each.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scipy==1.17.1 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import math

import scipy
from scipy import special, stats

print(scipy.__version__)
cdf = {shift: stats.nct.cdf(2.26, 9, shift) for shift in (30, 37, 38, 40, 50)}
sf = {shift: stats.nct.sf(2.26, 9, shift) for shift in cdf}
print("cdf", cdf)
print("sf", sf)
assert math.isnan(cdf[38]) and math.isnan(special.nctdtr(9, 38, 2.26))
assert all(value < 1e-100 for shift, value in cdf.items() if shift != 38)
assert all(value == 1.0 for value in sf.values())
PY
echo "as claimed"
