#!/usr/bin/env bash
# Claim: novelty of Microsoft's Recommenders gives items that are in no interaction of the training data, as new ones
#   that a model recommends by their text or picture, no novelty at all: they are lost in a merge, and count in the
#   number of recommendations by which the sum is divided. A list of them alone has 0, less than one of the most
#   popular item, and each of them lowers the mean. catalog_coverage counts them, but not in the catalogue, and can
#   exceed 1.
# Guess before: the novelty of an item, minus the logarithm of its share of the interactions, grows without limit as
#   the share falls: an unknown item is the most novel one, or is refused.
# Versions: recommenders==1.2.1, pandas==2.3.3, scikit-learn==1.9.1, numpy==2.3.5.
# Seen: 100 interactions, half of them with one item, the others with one of 50: novelty of ten lists with the popular
#   item 1.0, with ten rare ones 6.644, with ten unknown ones 0.0, with five of either 3.322. Coverage of 60 unknown
#   ones 1.176.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pandas==2.3.3 scikit-learn==1.9.1 numpy==2.3.5
"$folder/env/bin/pip" install --quiet --no-deps recommenders==1.2.1  # the metrics need none of its other 15 packages
cd "$folder"
env/bin/python -W ignore - <<'PY'
import pandas as pd
from recommenders.evaluation.python_evaluation import catalog_coverage, novelty

USERS, POPULAR, RARE, UNKNOWN = range(50), 0, range(1, 51), range(100, 160)
seen = pd.DataFrame({"userID": [*USERS, *USERS], "itemID": [*[POPULAR] * 50, *RARE]})


def recommended(items):
    """Recommend one item to each of as many users, who are new, too."""
    return pd.DataFrame({"userID": range(1000, 1000 + len(items)), "itemID": items})


lists = {
    "popular": [POPULAR] * 10,
    "rare": [*RARE[:10]],
    "unknown": [*UNKNOWN[:10]],
    "rare and unknown": [*RARE[:5], *UNKNOWN[:5]],
}
found = {name: round(float(novelty(seen, recommended(items))), 3) for name, items in lists.items()}
coverage = round(float(catalog_coverage(seen, recommended([*UNKNOWN]))), 3)
print("novelty:", found, "catalog_coverage of 60 unknown items:", coverage)
assert found == {"popular": 1.0, "rare": 6.644, "unknown": 0.0, "rare and unknown": 3.322}, found
assert coverage == 1.176, coverage
PY
echo "as claimed"
