#!/usr/bin/env bash
# Claim: two indicators of Platypus are wrong where an objective is maximized, such as an accuracy. Hypervolume leaves
#   out every solution that is above the upper bound in any objective, also where above is better, so that a front
#   that beats the reference front by accuracy has a smaller volume than the reference itself; of an error, which is
#   minimized, it counts the same front in full. EpsilonIndicator takes every objective for minimized: a front that
#   dominates the reference has a distance above 0, one that the reference dominates has 0, the best there is.
# Guess before: indicators go by the problem's directions (Hypervolume looks at them), and an accuracy that is
#   maximized is compared as the error that is minimized.
# Versions: Platypus-Opt==1.4.1.
# Seen: fronts of accuracy and cost: reference (0.90, 1), (0.95, 2); better (0.92, 1), (0.97, 2); worse (0.85, 1),
#   (0.91, 2). Volume by accuracy: reference 0.556, better 0.533, worse 0.356; by error (1 - accuracy): 0.556, 0.6,
#   0.356. Epsilon by accuracy: 0.0, 0.4, 0.0; by error 0.0, 0.0, 1.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet Platypus-Opt==1.4.1
cd "$folder"
env/bin/python - <<'PY'
from platypus import Direction, EpsilonIndicator, Hypervolume, Problem, Real, Solution

FRONTS = {
    "reference": [(0.90, 1.0), (0.95, 2.0)],
    "better": [(0.92, 1.0), (0.97, 2.0)],
    "worse": [(0.85, 1.0), (0.91, 2.0)],
}  # accuracy and cost


def solutions(points, maximize):
    """Make solutions whose first objective is the accuracy, or the error in its place."""
    problem = Problem(1, 2)
    problem.types[:] = Real(0, 1)
    problem.directions[0] = Direction.MAXIMIZE if maximize else Direction.MINIMIZE
    problem.directions[1] = Direction.MINIMIZE
    made = []
    for accuracy, cost in points:
        solution = Solution(problem)
        solution.variables[:] = [0.5]
        solution.objectives[:] = [accuracy if maximize else 1 - accuracy, cost]
        solution.constraint_violation, solution.feasible, solution.evaluated = 0.0, True, True
        made.append(solution)
    return made


def indicators(maximize):
    # From an accuracy of 0.8, or an error of 0.2, to the best of the reference
    least, most = (0.8, 0.95) if maximize else (0.05, 0.2)
    volume = Hypervolume(minimum=[least, 0.0], maximum=[most, 3.0])
    epsilon = EpsilonIndicator(solutions(FRONTS["reference"], maximize))
    return {
        name: tuple(round(indicator.calculate(solutions(points, maximize)), 3) for indicator in (volume, epsilon))
        for name, points in FRONTS.items()
    }


by_accuracy, by_error = indicators(maximize=True), indicators(maximize=False)
print("volume and epsilon by accuracy:", by_accuracy, "by error:", by_error)
assert by_error["better"][0] > by_error["reference"][0] > by_error["worse"][0], by_error
assert by_error["better"][1] == 0 < by_error["worse"][1], by_error
assert by_accuracy["better"][0] < by_accuracy["reference"][0] == by_error["reference"][0], by_accuracy
assert by_accuracy["better"][1] > 0 == by_accuracy["worse"][1], by_accuracy
PY
echo "as claimed"
