#!/usr/bin/env bash
# Claim: where kernel-tuner's tunable parameters are tied by a product, as the tile sizes of a loop are (a * b * c =
#   64), no configuration has a neighbour of its default kind, "Hamming": to change one factor alone breaks the product.
#   The iterated greedy search ends in a TypeError without measuring what its budget allows, and the greedy multi-start
#   search is a random search, for every descent ends where it begins; neither says that the space is not connected. The
#   same points with the outermost factor left out, as what the others leave, are searched.
# Guess before: local searches move along legal neighbours however a space is written down, or refuse one without any.
# Versions: kernel-tuner==1.5.0, numpy==2.4.6.
# Seen: 28 configurations with 0 Hamming neighbours each (2 to 6 "adjacent"); greedy_ils: "TypeError: 'NoneType' object
#   is not iterable"; greedy_mls: 20 measurements, of which no two in a row differ in one parameter. Two free factors
#   instead of three tied ones: 6 to 12 neighbours each, and greedy_ils measures all 20.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet kernel-tuner==1.5.0 numpy==2.4.6
cd "$folder"
env/bin/python - <<'PY'
import random
import warnings
from importlib.metadata import version
from itertools import pairwise

import numpy as np
from kernel_tuner import tune_kernel
from kernel_tuner.searchspace import Searchspace

warnings.simplefilter("ignore")
SIZE = 64
POWERS = [2**power for power in range(7)]
TIED = {"a": POWERS, "b": POWERS, "c": POWERS}, ["a*b*c==64"]
FREE = {"b": POWERS, "c": POWERS}, ["b*c<=64"]


def measure(space, strategy):
    """Returns the configurations that a search tries; a's part of the time does not matter here."""
    random.seed(0)
    np.random.seed(0)
    source = "float time_of(float *x) { return (float)(2 * b + 3 * c); }"
    parameters, rules = space
    results, _ = tune_kernel(
        "time_of", source, 1, [np.zeros(1, np.float32)], parameters, lang="C", restrictions=rules, strategy=strategy,
        strategy_options={"max_fevals": 20}, quiet=True,
    )
    return [tuple(int(result[name]) for name in parameters) for result in results]


def neighbours(space, kind):
    built = Searchspace(*space, 1024)
    return [len(built.get_neighbors(own, kind)) for own in built.list]


print("kernel-tuner", version("kernel-tuner"))
for kind in ("Hamming", "adjacent"):
    counts = neighbours(TIED, kind)
    print(f"three tied factors: {len(counts)} configurations, {min(counts)} to {max(counts)} neighbours ({kind})")
assert set(neighbours(TIED, "Hamming")) == {0}
try:
    measure(TIED, "greedy_ils")
except TypeError as error:
    print(f"greedy_ils: TypeError: {error}")
else:
    raise SystemExit("greedy_ils searches it now")
tried = measure(TIED, "greedy_mls")
steps = sum(sum(x != y for x, y in zip(one, two)) == 1 for one, two in pairwise(tried))
print(f"greedy_mls: {len(tried)} measurements, {steps} steps to a neighbour")
assert len(tried) == 20 and steps == 0
counts, tried = neighbours(FREE, "Hamming"), measure(FREE, "greedy_ils")
print(f"two free factors: {len(counts)} configurations, {min(counts)} to {max(counts)} neighbours; greedy_ils: {len(tried)}")
assert min(counts) > 0 and len(tried) == 20
PY
echo "as claimed"
