#!/usr/bin/env bash
# Claim: four counters of operations hand a network that is in training back as another one. ptflops and calflops leave
#   it in evaluation mode: from then on dropout drops nothing and batch norm neither uses the batch nor follows it,
#   until somebody calls train() again. fvcore counts in training mode, so that the running means and variances take in
#   the example (zeros or noise, as a rule) and the random numbers move on. thop leaves entries "total_ops" and
#   "total_params" in the state_dict, which a fresh network refuses to load. torchinfo, given the example, changes
#   nothing.
# Guess before: counting is reading; the network, its mode, its state_dict and the random numbers are as before.
# Versions: torch==2.15.0, ptflops==0.7.5, calflops==0.3.2, fvcore==0.1.5.post20221221, thop==0.1.1.post2209072238,
#   torchinfo==1.8.0.
# Seen: after ptflops and calflops: training False, two passes of the same batch equal, running mean of ten more
#   batches of mean 3 still 0; after fvcore: running mean, variance and count changed, next random number another;
#   after thop: two keys more; after torchinfo: nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 ptflops==0.7.5 fvcore==0.1.5.post20221221 \
  torchinfo==1.8.0 calflops==0.3.2 accelerate==1.15.0 transformers==5.24.0 huggingface_hub==2.4.0
"$folder/env/bin/pip" install --quiet --no-deps thop==0.1.1.post2209072238
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - 2>&1 <<'PY'
import contextlib
import copy
import io

import calflops
import ptflops
import thop
import torch
import torchinfo
from fvcore.nn import FlopCountAnalysis
from torch import nn

example = torch.zeros(4, 3, 8, 8)


def network():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(288, 10)
    return nn.Sequential(*layers).train()


def changes(count):
    """Returns what differs after a count: mode, keys of the state_dict, changed values, and random numbers."""
    model = network()
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        count(model)
    after = model.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    same_random = torch.equal(random, torch.get_rng_state())
    return model, model.training, sorted(set(after) - set(before)), changed, same_random


for name, count in {
    "ptflops": lambda m: ptflops.get_model_complexity_info(m, (3, 8, 8), print_per_layer_stat=False),
    "calflops": lambda m: calflops.calculate_flops(m, input_shape=(4, 3, 8, 8), print_results=False),
}.items():
    model, training, keys, changed, _ = changes(count)
    batch = torch.randn(4, 3, 8, 8) + 3
    equal = torch.equal(model(batch), model(batch))
    for _ in range(10):
        model(batch)
    mean = model[1].running_mean.abs().max().item()
    print(f"{name}: training {training}, two passes equal {equal}, running mean after ten batches {mean}")
    assert not training and equal and mean == 0

_, training, keys, changed, same_random = changes(lambda m: FlopCountAnalysis(m, example).total())
print(f"fvcore: changed {changed}, random numbers as before {same_random}")
assert changed == ["1.running_mean", "1.running_var", "1.num_batches_tracked"] and training and not same_random

model, training, keys, *_ = changes(lambda m: thop.profile(m, (example,), verbose=False))
unexpected = network().load_state_dict(model.state_dict(), strict=False).unexpected_keys
print(f"thop: new keys {keys}, unexpected to a fresh network {unexpected}")
assert keys == unexpected == ["4.total_ops", "4.total_params"]

_, training, keys, changed, same_random = changes(lambda m: torchinfo.summary(m, input_data=[example], verbose=0))
print(f"torchinfo: training {training}, keys {keys}, changed {changed}, random numbers as before {same_random}")
assert training and not keys and not changed and same_random
PY
echo "as claimed"
