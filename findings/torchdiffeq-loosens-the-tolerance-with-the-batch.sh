#!/usr/bin/env bash
# Claim: the adaptive solvers of torchdiffeq (dopri5, the default) hold the root mean square of the error over the
#   whole tensor, batch included, below the tolerance, and take one step size for all of it. Examples that are easy
#   lend their share to the hard one: the same initial value, with the same rtol and atol, is solved worse the more
#   easy ones are beside it. What a neural differential equation says of an example, its accuracy and its number of
#   function evaluations depend on the batch size of the evaluation. torchode, which takes steps of its own for each
#   example, does not do so, nor does torchdiffeq with the largest norm of an example in options=dict(norm=...).
# Guess before: rtol and atol bound the error of each example, as torch layers treat examples one by one in evaluation.
# Versions: torchdiffeq==0.2.5, torchode==1.0.1, torch==2.15.0, numpy==2.3.5, scipy==1.17.1, double precision, CPU.
# Seen: an oscillator of 5 rad/s over 10 s beside ones of 0.01 rad/s, rtol and atol 1e-4. Its error alone and among 10,
#   100, 1000: 0.0004, 0.002, 0.023, 0.14 (of an amplitude of 1); torchode and the largest norm 0.0004 in each.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchdiffeq==0.2.5 torchode==1.0.1 torch==2.15.0 numpy==2.3.5 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import math

import torch
import torchode
from torchdiffeq import odeint

TOLERANCE, END = 1e-4, 10.0


def oscillate(rates):
    """Returns the right side of y'' = -rate^2 y for a batch of (position, velocity)."""
    return lambda t, y: torch.stack((y[:, 1], -(rates**2) * y[:, 0]), 1)


def largest(y):
    """Norm of the worst example."""
    return y.view(-1, 2).pow(2).mean(1).max().sqrt()


def errors(examples):
    """Returns the error of a fast oscillator beside slow ones: torchdiffeq, with the worst norm, and torchode."""
    rates = torch.full((examples,), 0.01, dtype=torch.float64)
    rates[0] = 5.0
    start = torch.tensor([[1.0, 0.0]], dtype=torch.float64).repeat(examples, 1)
    times = torch.tensor([0.0, END], dtype=torch.float64)
    right = math.cos(5.0 * END)
    tolerances = {"rtol": TOLERANCE, "atol": TOLERANCE}
    plain = odeint(oscillate(rates), start, times, **tolerances)[-1, 0, 0].item()
    worst = odeint(oscillate(rates), start, times, options={"norm": largest}, **tolerances)[-1, 0, 0].item()
    term = torchode.ODETerm(oscillate(rates))
    controller = torchode.IntegralController(TOLERANCE, TOLERANCE, term=term)
    solver = torchode.AutoDiffAdjoint(torchode.Dopri5(term=term), controller)
    problem = torchode.InitialValueProblem(y0=start, t_eval=times.repeat(examples, 1))
    apart = solver.solve(problem).ys[0, -1, 0].item()
    return abs(plain - right), abs(worst - right), abs(apart - right)


alone = errors(1)
for examples in (1, 10, 100, 1000):
    plain, worst, apart = errors(examples)
    print(f"{examples} examples: error of the first by torchdiffeq {plain:.1e}, with the worst norm {worst:.1e},",
          f"by torchode {apart:.1e}")
    assert math.isclose(worst, alone[1], rel_tol=0.1) and math.isclose(apart, alone[2], rel_tol=0.1)
assert plain > 50 * alone[0]
PY
echo "as claimed"
