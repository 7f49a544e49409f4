#!/usr/bin/env bash
# Claim: of the 1,682 films of MovieLens-100K (here as RecBole ships it) 18 stand under two numbers, with the same
#   title, year and genres. Half of the ratings of these films have a twin by the same user, mostly of equal stars.
#   Whoever holds out one rating a user, or a random tenth, leaves the twin of some answers among the training ratings;
#   a ranking of "films that the user has not rated" counts as wrong to say a liked film under its other number.
# Guess before: an item number is a film; items are disjoint, so holding a (user, item) pair out hides it.
# Versions: recbole==1.2.1 (its dataset_example/ml-100k; read here as a text file).
# Seen: 18 pairs (Chasing Amy is 246 and 268) with 1,269 of the 100,000 ratings; 307 times a user rated both, 261 times
#   with equal stars, 58 times within a minute. 48 % of the ratings of these films have a twin by the same user.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-deps recbole==1.2.1
"$folder/env/bin/python" - "$folder" <<'PY'
import sys
from collections import defaultdict
from pathlib import Path

[data] = Path(sys.argv[1]).glob("env/lib/python3*/site-packages/recbole/dataset_example/ml-100k")


def rows(name):
    return [line.split("\t") for line in (data / name).read_text().splitlines()[1:]]


films, ratings = defaultdict(list), defaultdict(dict)
for number, title, year, genres in rows("ml-100k.item"):
    films[title, year, genres].append(number)
for user, number, stars, seconds in rows("ml-100k.inter"):
    ratings[number][user] = float(stars), float(seconds)
pairs = [numbers for numbers in films.values() if len(numbers) > 1]
of_pairs = sum(len(ratings[number]) for numbers in pairs for number in numbers)
both = [(ratings[a][user], ratings[b][user]) for a, b in pairs for user in ratings[a].keys() & ratings[b].keys()]
equal = sum(first[0] == second[0] for first, second in both)
minute = sum(abs(first[1] - second[1]) <= 60 for first, second in both)
print(f"{sum(map(len, films.values()))} numbers, {len(films)} films; pairs have {of_pairs} of",
      f"{sum(map(len, ratings.values()))} ratings; {len(both)} times a user rated both, {equal} times equally,",
      f"{minute} times within a minute; {2 * len(both) / of_pairs:.0%} of these ratings have a twin")
assert (len(films), len(pairs), of_pairs, len(both), equal) == (1_664, 18, 1_269, 307, 261)
assert films["Chasing Amy", "1997", "Drama Romance"] == ["246", "268"] and minute == 58
PY
echo "as claimed"
