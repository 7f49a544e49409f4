#!/usr/bin/env bash
# Claim: the hall of fame of DEAP, which "contains the best individual that ever lived", forgets it as soon as one
#   individual's fitness is NaN, as that of a training that diverged is. "Greater" is written as "not less or equal",
#   so that NaN beats the best and takes its place, and whatever is evaluated next beats NaN in turn: what is in the
#   hall of one at the end is the best since the last NaN, and NaN itself if that came last. A tournament is won by
#   NaN in the same way if it is drawn last, more often than by most sound individuals. An infinite loss does neither.
# Guess before: no comparison with NaN is true, so that it never replaces anybody; it is left out, or it stays worst.
# Versions: deap==1.4.4, numpy==2.3.5.
# Seen: losses 1, NaN, 3, 4, 5 in this order: the best that ever lived is 3, with infinity for NaN 1. 20 evolutions
#   (six generations of 20, loss (x - 0.3)^2, NaN above 0.9): in 15 the hall of fame holds a worse one than the best,
#   in 4 of them NaN; with infinity in none. Of 30,000 tournaments of three among ten the fifth best wins 2,356, NaN
#   3,120.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet deap==1.4.4 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import math
import random
from collections import Counter

from deap import algorithms, base, creator, tools

creator.create("Loss", base.Fitness, weights=(-1.0,))
creator.create("Individual", list, fitness=creator.Loss)


def individual(value, loss):
    made = creator.Individual([value])
    made.fitness.values = (loss,)
    return made


def hall_after(losses):
    hall = tools.HallOfFame(1)
    for number, loss in enumerate(losses):
        hall.update([individual(number, loss)])
    return hall[0].fitness.values[0]


def evolve(seed, loss_of_diverged):
    """Return the loss in the hall of fame and the least one that was evaluated."""
    random.seed(seed)
    seen = []

    def evaluate(made):
        loss = loss_of_diverged if made[0] > 0.9 else (made[0] - 0.3) ** 2
        seen.append(loss)
        return (loss,)

    toolbox = base.Toolbox()
    toolbox.register("evaluate", evaluate)
    toolbox.register("mate", tools.cxBlend, alpha=0.3)
    toolbox.register("mutate", tools.mutGaussian, mu=0, sigma=0.3, indpb=1)
    toolbox.register("select", tools.selTournament, tournsize=3)
    population = [creator.Individual([random.random()]) for _ in range(20)]
    hall = tools.HallOfFame(1)
    algorithms.eaSimple(population, toolbox, 0, 0.7, 6, halloffame=hall, verbose=False)
    return hall[0].fitness.values[0], min(loss for loss in seen if loss == loss)


after = {bad: hall_after([1.0, bad, 3.0, 4.0, 5.0]) for bad in (math.nan, math.inf)}
print("hall of fame after 1, bad, 3, 4, 5:", after)
assert list(after.values()) == [3.0, 1.0], after

halls = {bad: [evolve(seed, bad) for seed in range(20)] for bad in (math.nan, math.inf)}
missed = [sum(found != best for found, best in hall) for hall in halls.values()]
with_nan = sum(math.isnan(found) for found, _ in halls[math.nan])
print("evolutions of 20 whose best is not in the hall, with NaN and with infinity:", missed, "NaN in it:", with_nan)
assert missed[0] >= 10 and missed[1] == 0 and with_nan >= 1

random.seed(0)
population = [individual(number, math.nan if number == 5 else float(number)) for number in range(10)]
wins = Counter(made[0] for made in tools.selTournament(population, 30_000, tournsize=3))
print("tournaments won by number, 5 is NaN:", sorted(wins.items()))
assert wins[5] > wins[4]
PY
echo "as claimed"
