#!/usr/bin/env bash
# Claim: Keras layers are torch modules on the torch backend, and documented for use within torch networks, but in one
#   they follow neither train() nor eval(). The flag "training" of the layer changes, and nothing reads it: Dropout and
#   GaussianNoise do nothing in training, BatchNormalization neither uses the batch nor follows it, and RandomFlip flips
#   in evaluation. Only the argument of the call counts, which torch's containers do not pass; without it each layer
#   takes its own default, True for the random transformations of images, False for all others.
# Guess before: net.train() and net.eval() reach every layer, as they reach nn.Dropout and nn.BatchNorm1d beside them.
# Versions: keras==3.15.1, torch==2.15.0, torchvision==0.29.2 (numpy==2.3.5), CPU.
# Seen: share dropped with rate 0.5 after train(): Keras 0 %, torch 50 %. Moving mean after 100 batches of mean 3: Keras
#   0.00, torch 3.00. Images changed after eval() by RandomFlip: some of 64; with call argument training=False none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 numpy==2.3.5 keras==3.15.1
OMP_NUM_THREADS=1 KERAS_HOME="$folder/keras" KERAS_BACKEND=torch TF_CPP_MIN_LOG_LEVEL=3 \
  "$folder/env/bin/python" -W ignore - <<'PY'
import keras
import torch
from keras import layers
from torch import nn

keras.utils.set_random_seed(0)
x = 3 + torch.randn(64, 100)


def dropped(layer, mode):
    net = nn.Sequential(nn.Identity(), layer)
    getattr(net, mode)()
    assert layer.training is (mode == "train")  # the flag arrives
    return (net(x) == 0).float().mean().item()


seen = {mode: (dropped(layers.Dropout(0.5), mode), dropped(nn.Dropout(0.5), mode)) for mode in ("train", "eval")}
print("share dropped, Keras and torch:", {mode: [f"{share:.0%}" for share in both] for mode, both in seen.items()})
assert seen["train"][0] == 0 and 0.45 < seen["train"][1] < 0.55 and seen["eval"] == (0, 0)
share = (layers.Dropout(0.5)(x, training=True) == 0).float().mean().item()
assert 0.45 < share < 0.55  # by the argument

of_keras, of_torch = layers.BatchNormalization(), nn.BatchNorm1d(100)
for norm in (of_keras, of_torch):
    net = nn.Sequential(norm).train()
    for _ in range(100):
        output = net(3 + torch.randn(64, 100)).mean().item()
    mean = of_keras.moving_mean.value if norm is of_keras else of_torch.running_mean
    print(f"{type(norm).__name__}: mean of the last output {output:.2f}, moving mean {mean.mean():.2f}")
    assert (output > 2.9 and (mean == 0).all()) if norm is of_keras else (abs(output) < 0.01 and mean.mean() > 2.9)

assert torch.equal(nn.Sequential(layers.GaussianNoise(1.0)).train()(x), x)

images, flip = torch.rand(64, 8, 8, 3), layers.RandomFlip("horizontal")
after_eval = nn.Sequential(flip).eval()(images)
changed = sum(not torch.equal(a, b) for a, b in zip(after_eval, images, strict=True))
print(f"images of 64 that RandomFlip changed after eval(): {changed}")
assert flip.training is False and 16 < changed < 48
assert torch.equal(flip(images, training=False), images)
PY
echo "as claimed"
