#!/usr/bin/env bash
# Claim: Keras's Ftrl forgets the weights that it is given: the first step puts every one next to zero, at any rate. It
#   works out a weight from accumulators, not from its value, and one of them begins as if there had been gradients
#   (0.1). To train a network on, or with a new optimizer after a pause, destroys it. FTRL of pytorch-optimizer begins
#   at zero and keeps weights that have a gradient; one that has none, as of a pixel that is always black, it sets to
#   zero, as Keras's does. Adagrad, which FTRL is otherwise like, and SGD leave the network as it is.
# Guess before: no optimizer moves a weight far in one step at a rate of 0.000001, nor one that has no gradient.
# Versions: keras==3.15.1 on torch==2.15.0 (CPU), pytorch-optimizer==4.1.0, scikit-learn==1.9.1, numpy==2.3.5.
# Seen: a network with 97.7 % accuracy on scikit-learn's digits, after one step on 64 of them at rate 1e-6: Keras Ftrl
#   10.0 %, SGD, Adagrad and pytorch-optimizer's FTRL 97.7 %. A weight of 1 without a gradient: 0 after one
#   step of either.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet keras==3.15.1 torch==2.15.0 numpy==2.3.5 scikit-learn==1.9.1 \
    pytorch-optimizer==4.1.0
cd "$folder"
KERAS_HOME="$folder" KERAS_BACKEND=torch CUDA_VISIBLE_DEVICES= OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import keras
import pytorch_optimizer
import torch
from keras import layers
from sklearn.datasets import load_digits

torch.set_num_threads(1)
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype("float32")
keras.utils.set_random_seed(0)
network = keras.Sequential([keras.Input((64,)), layers.Dense(64, activation="relu"), layers.Dense(10)])


def train(optimizer, weights, epochs=0):
    """Says the accuracy after epochs of batches of 32, or after one step."""
    network.set_weights(weights)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss)
    if epochs:
        network.fit(images, labels, epochs=epochs, verbose=0)
    else:
        network.train_on_batch(images[:64], labels[:64])
    return accuracy()


def accuracy():
    return float((network.predict(images, verbose=0).argmax(1) == labels).mean())


before = train("adam", network.get_weights(), epochs=15)
trained = network.get_weights()
print(f"trained: {before:.1%}; after one step at rate 1e-6:")
for kind in (keras.optimizers.SGD, keras.optimizers.Adagrad, keras.optimizers.Ftrl):
    after = train(kind(1e-6), trained)
    print(f"  Keras {kind.__name__}: {after:.1%}")
    assert after < 0.15 if kind is keras.optimizers.Ftrl else abs(after - before) < 0.001

network.set_weights(trained)
parameters = [variable.value for variable in network.trainable_variables]
optimizer = pytorch_optimizer.FTRL(parameters, lr=1e-6)
logits = network(torch.from_numpy(images[:64]))
torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[:64])).backward()
optimizer.step()
print(f"  pytorch-optimizer FTRL: {accuracy():.1%}")
assert abs(accuracy() - before) < 0.001

weight = torch.nn.Parameter(torch.ones(1))
optimizer = pytorch_optimizer.FTRL([weight], lr=1e-6)
weight.grad = torch.zeros(1)
optimizer.step()
variable = keras.Variable([1.0])
keras.optimizers.Ftrl(1e-6).apply([keras.ops.zeros(1)], [variable])
print("a weight of 1 without a gradient:", weight.item(), float(variable.numpy()[0]))
assert weight.item() == 0 and float(variable.numpy()[0]) == 0
PY
echo "as claimed"
