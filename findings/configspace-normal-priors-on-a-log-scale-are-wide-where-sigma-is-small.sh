#!/usr/bin/env bash
# Claim: ConfigSpace turns the sigma of a normal prior on a log scale into |log(lower + sigma)|, which is no width: it
#   is zero where lower + sigma is one, and grows as sigma falls below. Where the range begins near zero, sigma = 1
#   pins a learning rate to its mu for all of the search, and a prior of sigma = 0.0002 is flatter than one of 0.5 or
#   of 3.
# Guess before: sigma is a standard deviation of the value or of its logarithm; in both cases a smaller one gives
#   samples that are closer to mu, and none leaves only one value.
# Versions: ConfigSpace==1.2.2, numpy==2.3.5. (Its documents say that mu and sigma are mean and standard deviation.)
# Seen: learning rates in [1e-5, 1], mu = 1e-3; 10 % and 90 % of samples: sigma 0.0002: 3.3e-5 and 0.28; sigma 0.5:
#   4.1e-4 and 2.5e-3; sigma 1: 0.00100 and 0.00100 (all 4,000 within 1e-7); sigma 3: 2.5e-4 and 4.3e-3. Without the
#   log scale, sigma 0.1 in [0, 1] gives a standard deviation of 0.10.
# Why it matters: SMAC3, DEHB, NePS and others read spaces of this package; a prior that an expert wrote to be narrow
#   searches nearly evenly, and one with sigma = 1 does not search.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet ConfigSpace==1.2.2 numpy==2.3.5 scipy==1.17.1
"$folder/env/bin/python" -W ignore - <<'PY'
import numpy as np
from ConfigSpace import ConfigurationSpace, Float, Normal


def sample(bounds, mu, sigma, log):
    space = ConfigurationSpace(seed=0)
    space.add(Float("x", bounds, log=log, distribution=Normal(mu, sigma)))
    return np.array([configuration["x"] for configuration in space.sample_configuration(4000)])


width = {}
for sigma in (0.0002, 0.5, 1.0, 3.0):
    rates = sample((1e-5, 1), 1e-3, sigma, log=True)
    width[sigma] = np.log(rates).std()
    print(f"sigma {sigma}: 10 % and 90 % at {np.quantile(rates, 0.1):.3g} and {np.quantile(rates, 0.9):.3g},",
          f"standard deviation of the logarithm {width[sigma]:.2g}, farthest from mu {abs(rates - 1e-3).max():.2g}")
    if sigma == 1:
        assert abs(rates - 1e-3).max() < 1e-6
assert width[1.0] < 1e-4 < 0.5 < width[0.5] < width[3.0] < 1.5 < 3 < width[0.0002]
plain = sample((0, 1), 0.5, 0.1, log=False)
print(f"no log scale, sigma 0.1: standard deviation {plain.std():.3f}")
assert abs(plain.std() - 0.1) < 0.01
PY
echo "as claimed"
