#!/usr/bin/env bash
# Claim: the optimizers of Keras 2 take decay, a rate of lr / (1 + decay * step), all of them but Nadam: there the value
#   is taken without a word, replaced by 0.004, the constant of its momentum schedule, and never lowers the rate. A
#   schedule object is refused. So a network of those years that was "trained by Nadam with time-based decay" was
#   trained at a constant rate, unless a callback set it; whoever repeats it with the decay trains something else.
# Guess before: decay lowers the rate of Nadam as it does that of Adam.
# Versions: tf-keras==2.21.0 (Keras 2, tf_keras.optimizers.legacy) on tensorflow-cpu==2.21.0.
# Seen: one weight, 200 steps at 0.01 with decay 0 and 1: SGD 0.1600 and 1.0025, RMSprop 0.3441 and 1.0057, Adam 0.4548
#   and 1.0020, Nadam 0.4388 and 0.4388; get_config() of the last says decay 0.004.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet tf-keras==2.21.0 tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/env/bin/python" - <<'PY'
import tensorflow as tf
import tf_keras

STEPS = 200
GRADIENTS = [1.0 if step % 7 else -3.0 for step in range(STEPS)]


def train(kind, decay):
    weight = tf.Variable([1.0])
    optimizer = kind(0.01, decay=decay)
    for gradient in GRADIENTS:
        optimizer.apply_gradients([(tf.constant([gradient]), weight)])
    return float(weight.numpy()[0])


for name in ("SGD", "RMSprop", "Adam", "Nadam"):
    kind = getattr(tf_keras.optimizers.legacy, name)
    without, decayed = train(kind, 0.0), train(kind, 1.0)
    print(f"{name}: {without:.4f} with decay 0, {decayed:.4f} with decay 1")
    assert (without == decayed) == (name == "Nadam")
    assert name == "Nadam" or abs(decayed - 1) < 0.02  # a rate that falls at once leaves the weight where it was
config = tf_keras.optimizers.legacy.Nadam(0.01, decay=1.0).get_config()
print("Nadam with decay 1 says of itself:", config["decay"])
assert config["decay"] == 0.004
try:
    tf_keras.optimizers.legacy.Nadam(tf_keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 1e-4))
except ValueError as error:
    print("a schedule is refused:", error)
else:
    raise SystemExit("a schedule is taken")
PY
echo "as claimed"
