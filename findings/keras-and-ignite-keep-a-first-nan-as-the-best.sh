#!/usr/bin/env bash
# Claim: a score that is NaN in the first epoch stays the best for good in Keras's EarlyStopping and ModelCheckpoint and
#   in ignite's Checkpoint: the first value is taken unseen, and no number is better than NaN. The training stops after
#   its patience with the weights of the first epoch, or a file of them is all that is kept, however good later epochs
#   are. Correlations are NaN while a network says one number (zero head, warm-up), and so is F1 by some definitions.
# Guess before: NaN is worse than every number, wherever it comes, as it is for ignite's own EarlyStopping.
# Versions: keras==3.15.1 and pytorch-ignite==0.5.5 on torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: correlation nan in a first epoch without learning, 0.98 in the next: Keras stops after 4 of 20 epochs, restores
#   weights of zero and keeps one file, of epoch 1; without that epoch it runs all 20. ignite keeps "nan" beside 0.9.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 keras==3.15.1 pytorch-ignite==0.5.5
cd "$folder"
KERAS_BACKEND=torch "$folder/env/bin/python" - <<'PY'
import math
from pathlib import Path

import keras
import numpy as np
import torch
from ignite.engine import Engine
from ignite.handlers import Checkpoint, DiskSaver
from keras import callbacks

inputs = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
targets = inputs @ np.array([[1.0], [2.0], [3.0]], dtype=np.float32)


def correlation(true, said):
    true, said = true - keras.ops.mean(true), said - keras.ops.mean(said)
    return keras.ops.sum(true * said) / keras.ops.sqrt(keras.ops.sum(true**2) * keras.ops.sum(said**2))


def train(first_rate):
    """Train a linear network from zero; the rate of the first epoch is `first_rate`."""
    name = f"rate-{first_rate}"
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    network.compile(keras.optimizers.SGD(), "mse", metrics=[correlation])
    best = {"monitor": "val_correlation", "mode": "max"}
    history = network.fit(
        inputs, targets, batch_size=64, epochs=20, verbose=0, validation_data=(inputs, targets),
        callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch else first_rate),
                   callbacks.EarlyStopping(patience=3, restore_best_weights=True, **best),
                   callbacks.ModelCheckpoint(name + "/{epoch}.keras", save_best_only=True, **best)])
    scores, files = history.history["val_correlation"], sorted(file.name for file in Path(name).iterdir())
    print(f"first rate {first_rate}: {len(scores)} epochs, scores {scores[0]:.2f}, {scores[1]:.2f}, ...,",
          f"{len(files)} files, weights up to {abs(network.get_weights()[0]).max():.2f}")
    return scores, files, abs(network.get_weights()[0]).max()


scores, files, weight = train(0.01)
assert len(scores) == 20 and len(files) > 1 and weight > 0.5
scores, files, weight = train(0.0)
assert math.isnan(scores[0]) and scores[1] > 0.9 and len(scores) == 4 and files == ["1.keras"] and weight == 0

evaluator = Engine(lambda engine, batch: None)
keep = Checkpoint({"network": torch.nn.Linear(1, 1)}, DiskSaver("ignite", create_dir=True), n_saved=1,
                  score_function=lambda engine: engine.state.metrics["score"])
for score in (math.nan, 0.5, 0.9):
    evaluator.state.metrics = {"score": score}
    keep(evaluator)
print("ignite keeps", [file.name for file in Path("ignite").iterdir()], "of nan, 0.5, 0.9")
assert [file.name for file in Path("ignite").iterdir()] == ["network_nan.pt"]
PY
echo "as claimed"
