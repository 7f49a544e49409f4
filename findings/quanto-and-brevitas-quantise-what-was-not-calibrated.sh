#!/usr/bin/env bash
# Claim: a network whose activations are to be quantised and were never seen runs all the same, without a word. quanto
#   (activations=qint8, without Calibration) takes 1 for every scale: activations are rounded to whole numbers.
#   brevitas (QuantIdentity, QuantReLU) takes 1 for the range in evaluation: all above 1 is cut. Weights, which need no
#   data, are right, After calibration both are good.
# Guess before: a scale that nobody measured raises an error, or the first batch sets it.
# Versions: optimum-quanto==0.2.7, brevitas==0.13.4, torch==2.15.0, numpy==2.3.5, CPU.
# Seen: two layers, 8 bits, error of the answers: quanto 102 % without calibration, 1.4 % with. brevitas, values up to
#   41: cut at 0.99 (QuantIdentity) and 1.00 (QuantReLU), error 92 %; after one batch in training 1.0 and 0.5 %. No
#   warnings.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet optimum-quanto==0.2.7 brevitas==0.13.4 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" - <<'PY'
import warnings

import torch
from brevitas.nn import QuantIdentity, QuantReLU
from optimum.quanto import Calibration, freeze, qint8, quantize
from torch import nn

torch.manual_seed(0)
examples = torch.randn(256, 64)


def error(seen, right):
    return ((seen - right).norm() / right.norm()).item()


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    layers = nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)
    network = nn.Sequential(*layers).eval()
    with torch.no_grad():
        right = network(examples)
        quantize(network, weights=qint8, activations=qint8)
        without = error(network(examples), right)
        with Calibration():
            network(examples)
        freeze(network)
        calibrated = error(network(examples), right)
    said = [str(w.message) for w in caught if "alibrat" in str(w.message)]
print(f"quanto, 8 bits: error without calibration {without:.0%}, with {calibrated:.1%}; warnings {said}")
assert without > 0.5 and calibrated < 0.03 and not said

for layer, right in ((QuantIdentity(), examples * 10), (QuantReLU(), (examples * 10).relu())):
    with warnings.catch_warnings(record=True) as caught, torch.no_grad():
        warnings.simplefilter("always")
        cut = layer.eval()(examples * 10)
        without, top = error(cut, right), cut.max().item()
        layer.train()(examples * 10)
        calibrated = error(layer.eval()(examples * 10), right)
        said = [str(w.message) for w in caught if "alibrat" in str(w.message) or "scale" in str(w.message)]
    print(f"brevitas {type(layer).__name__}: largest of {right.max():.1f} is {top:.2f}, error {without:.0%}, "
          f"after a batch in training {calibrated:.1%}; warnings {said}")
    assert top <= 1 and without > 0.5 and calibrated < 0.03 and not said
PY
echo "as claimed"
