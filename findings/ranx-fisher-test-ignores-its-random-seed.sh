#!/usr/bin/env bash
# Claim: the default test of ranx, Fisher's randomization test, takes a random_seed, and its p-values differ from call
#   to call. The seed is set once, in the calling thread; the permutations are drawn by the threads of a compiled
#   parallel loop, each of which has a generator of its own that nobody seeds, even where there is only one. The same
#   function without compilation (its py_func) gives one value a seed. A difference near the limit (max_p) is marked
#   significant in one table and not in the next, of the same runs with the same seed.
# Guess before: a test with a random_seed (42 if none is given) gives one p-value, on one machine at least.
# Versions: ranx==0.3.21, numba==0.68.1, numpy==2.3.5, scipy==1.17.1.
# Seen: 50 queries, seed 42, eight calls: seven or eight p-values from 0.17 to 0.25, with one thread and with two; as
#   plain Python three calls give one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet ranx==0.3.21 numpy==2.3.5 scipy==1.17.1 numba==0.68.1
cd "$folder"
NUMBA_NUM_THREADS=2 "$folder/env/bin/python" -W ignore - <<'PY'
import numba
import numpy as np
from ranx.statistical_tests import fisher_randomization_test
from ranx.statistical_tests.fisher_randomization_test import permute

generator = np.random.default_rng(0)
control = generator.beta(0.6, 0.6, 50)
treatment = np.clip(control + generator.normal(0.02, 0.06, 50), 0, 1)


def p_values(test, calls):
    return [float(test(control, treatment, 1000, 0.01, 42)[0]) for _ in range(calls)]


found = {threads: [] for threads in (2, 1)}
for threads in found:
    numba.set_num_threads(threads)
    found[threads] = p_values(fisher_randomization_test, 8)
# Without compilation of permute, too, which draws for the test
fisher_randomization_test.py_func.__globals__["permute"] = permute.py_func
plain = p_values(fisher_randomization_test.py_func, 3)
print("by number of threads", found, "plain Python", plain)
assert all(len(set(values)) > 1 for values in found.values()), found
assert len(set(plain)) == 1, plain
PY
echo "as claimed"
