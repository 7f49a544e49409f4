#!/usr/bin/env bash
# Claim: emlearn.convert of a tree or a forest of scikit-learn rounds every threshold to a whole number, and its predict
#   casts every feature to one, unless dtype="float" is given: the default is 16-bit integers. Features scaled to 0..1,
#   as for any network, are all 0, and each row gets the same class; z-scores fare little better. Nothing scales them,
#   nothing warns. GaussianNB and MLPClassifier, converted by the same call, keep fractions.
# Guess before: the default answers like the model, and quantisation is asked for.
# Versions: emlearn==0.23.2, scikit-learn==1.9.1, numpy==2.3.5; a C compiler.
# Seen: breast cancer data, features scaled to 0..1, training rows: forest of 20 trees 100 % right, converted 37 % (one
#   class), with dtype="float" 100 %; z-scores 44 %. GaussianNB and MLPClassifier agree with their models to 99 %.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet numpy==2.3.5 scikit-learn==1.9.1 emlearn==0.23.2 setuptools==80.10.2
cd "$folder"
OMP_NUM_THREADS=1 "$folder/env/bin/python" - 2>&1 <<'PY'
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import emlearn

x, y = load_breast_cancer(return_X_y=True)
unit, scores = MinMaxScaler().fit_transform(x), StandardScaler().fit_transform(x)


def agreement(model, x, **options):
    """Returns how often the converted model answers as its model does, and how many classes it answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answers = emlearn.convert(model, **options).predict(x)
    assert not [w for w in caught if "emlearn" in str(w.filename)]
    return (answers == model.predict(x)).mean(), len(np.unique(answers))


for model in (RandomForestClassifier(20, random_state=0), DecisionTreeClassifier(random_state=0)):
    default, classes = agreement(model, unit)
    as_float, _ = agreement(model, unit, dtype="float")
    of_scores, _ = agreement(model, scores)
    name = type(model).__name__
    print(f"{name}: agrees {default:.1%} ({classes} class), float {as_float:.1%}; z-scores {of_scores:.1%}")
    assert default < 0.5 and classes == 1 and as_float > 0.99 and of_scores < 0.95
for model in (GaussianNB(), MLPClassifier((16,), max_iter=300, random_state=0)):
    default, classes = agreement(model, unit)
    print(f"{type(model).__name__}: agrees {default:.1%} ({classes} classes)")
    assert default > 0.99 and classes == 2
PY
echo "as claimed"
