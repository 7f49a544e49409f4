#!/usr/bin/env bash
# Claim: hummingbird, which turns trees into torch modules (and these into TorchScript and ONNX), reads the columns,
#   thresholds and leaves of a tree, and no more. A missing value fails every comparison and so goes to the right
#   always, where LightGBM, HistGradientBoosting and scikit-learn's forests have learnt a way for each node. A category
#   of HistGradientBoosting is compared with a threshold as if it were a number (of LightGBM's it says that it cannot).
#   Shapes, classes and sums of probabilities are right, and nothing is raised; without either the numbers agree to
#   1e-7. (Asked of XGBoost in issue 531, the answer was to impute missing values first.)
# Guess before: a converted forest predicts what the forest predicts, or the converter refuses what it does not have.
# Versions: hummingbird-ml==0.4.12, torch==2.15.0, scikit-learn==1.9.1, lightgbm==4.7.0, onnx==1.16.1 (numpy==2.3.5),
#   CPU.
# Seen: largest distance of a probability, examples that get another class (8 % are of class 1): missing values:
#   LightGBM 0.50, 3 %, HistGradientBoosting 0.74, 3 %, random forest 0.70, 11 %; a category of HistGradientBoosting
#   1.00, 40 %.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 scikit-learn==1.9.1 lightgbm==4.7.0 numpy==2.3.5 \
    onnx==1.16.1 onnxconverter-common==1.16.0 psutil==7.2.2 dill==0.4.1
"$folder/env/bin/pip" install --quiet --no-deps hummingbird-ml==0.4.12
"$folder/env/bin/python" -W ignore - <<'PY'
import hummingbird.ml
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

random = np.random.default_rng(0)
whole = random.normal(size=(400, 5)).astype(np.float32)
rare = (whole[:, 0] + random.normal(size=400) > 2).astype(int)  # 8 % of the examples
missing = whole.copy()
missing[::3, 0] = np.nan
category = whole.copy()
category[:, 1] = random.integers(0, 8, 400)
odd = np.isin(category[:, 1], [1, 4, 6]).astype(int)


def differs(model, x):
    """Returns the largest distance of the probabilities, and the share of examples that get another class."""
    converted = hummingbird.ml.convert(model, "pytorch", x[:10])
    distance = np.abs(converted.predict_proba(x) - model.predict_proba(x)).max()
    return float(distance), float((converted.predict(x) != model.predict(x)).mean())


right = {
    "LightGBM": (LGBMClassifier(n_estimators=20, verbose=-1).fit(whole, rare), whole),
    "HistGradientBoosting": (HistGradientBoostingClassifier().fit(whole, rare), whole),
    "random forest": (RandomForestClassifier(20, random_state=0).fit(whole, rare), whole),
}
wrong = {
    "LightGBM, missing values": (LGBMClassifier(n_estimators=20, verbose=-1).fit(missing, rare), missing),
    "HistGradientBoosting, missing values": (HistGradientBoostingClassifier().fit(missing, rare), missing),
    "random forest, missing values": (RandomForestClassifier(20, random_state=0).fit(missing, rare), missing),
    "HistGradientBoosting, a category": (HistGradientBoostingClassifier(categorical_features=[1]).fit(category, odd),
                                         category),
}
for cases, holds in ((right, lambda distance: distance < 1e-5), (wrong, lambda distance: distance > 0.05)):
    for name, (model, x) in cases.items():
        distance, classes = differs(model, x)
        print(f"{name}: probabilities differ by {distance:.1e}, the class of {100 * classes:.1f} % of the examples")
        assert holds(distance), name
PY
echo "as claimed"
