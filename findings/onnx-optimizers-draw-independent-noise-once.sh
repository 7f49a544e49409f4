#!/usr/bin/env bash
# Claim: tools that optimise ONNX files take two random operators with the same input for one expression, and draw once.
#   torch.onnx.export does so itself (optimize=True, its default): of eight dropouts of the same features, as in Monte
#   Carlo or multi-sample dropout, one is in the file, and the spread of the eight answers, the uncertainty that they
#   are there for, is 0 for every input. Its RandomNormalLike is left alone, but onnxslim, onnxsim and onnxoptimizer,
#   with their defaults, merge it, too, and onnxruntime merges Bernoulli when it loads a file that has two. One draw is
#   a valid draw, so no test of values or of means sees it; only the independence is gone. Nothing is said.
# Guess before: an operator that is random is no common subexpression, as ONNX has it ("non-deterministic").
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, onnxslim==0.1.98, onnxsim==0.8.1,
#   onnxoptimizer==0.4.2 (numpy==2.3.5), CPU.
# Seen: deviation of the eight answers: torch 0.29, exported 0.0 (optimize=False 0.34); deviation of the difference of
#   two draws of N(0, 1): torch, its file and onnxruntime 1.4; after onnxslim, onnxsim and onnxoptimizer 0.0; of two of
#   Bernoulli(1/2): 0.7, file 0.0, and 0.0 from onnxruntime even if the file has two.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 \
    onnxslim==0.1.98 onnxsim==0.8.1 onnxoptimizer==0.4.2 numpy==2.3.5
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PY' 2> "$folder/log" || { cat "$folder/log"; exit 1; }
import numpy as np
import onnxoptimizer
import onnxruntime
import onnxsim
import onnxslim
import torch
from onnx import ModelProto
from torch import nn
from torch.nn import functional

onnxruntime.set_default_logger_severity(4)
SIZE = 1_000


class Uncertainty(nn.Module):
    """Monte Carlo dropout: the mean and the deviation of eight answers, each with a dropout of its own."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(SIZE, 1)

    def forward(self, x):
        answers = torch.stack([self.head(functional.dropout(x, 0.5, training=True)) for _ in range(8)])
        return answers.std(0)


class Difference(nn.Module):
    """The difference of two draws, whose deviation is root two times that of one draw, and 0 if they are one."""

    def __init__(self, draw):
        super().__init__()
        self.draw = draw

    def forward(self, x):
        return self.draw(x) - self.draw(x)


def export(module, optimize=True):
    return torch.onnx.export(module, (x,), dynamo=True, optimize=optimize, verbose=False).model_proto


def answer(model, optimised=True):
    levels, options = onnxruntime.GraphOptimizationLevel, onnxruntime.SessionOptions()
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {model.graph.input[0].name: x.numpy()})[0]


def copy(model):
    return ModelProto.FromString(model.SerializeToString())


torch.manual_seed(0)
x = torch.full((SIZE,), 0.5)
network = Uncertainty()
with torch.no_grad():
    spread = [float(network(x)), float(answer(export(network)).item()), float(answer(export(network, False)).item())]
print("deviation of eight answers: torch {:.3f}, exported {:.3f}, exported with optimize=False {:.3f}".format(*spread))
assert spread[0] > 0.001 and spread[1] == 0 and spread[2] > 0.001

seen = {}
for draw in (torch.randn_like, torch.bernoulli):
    module = Difference(draw)
    whole, default = export(module, False), export(module)
    seen[draw.__name__] = row = {
        "torch": float(module(x).std()),
        "file": float(answer(default, False).std()),
        "file of optimize=False": float(answer(whole, False).std()),
        "by onnxruntime's default": float(answer(whole).std()),
        "onnxslim": float(answer(onnxslim.slim(copy(whole)), False).std()),
        "onnxsim": float(answer(onnxsim.simplify(copy(whole))[0], False).std()),
        "onnxoptimizer": float(answer(onnxoptimizer.optimize(copy(whole)), False).std()),
    }
    print(f"deviation of the difference of two draws of {draw.__name__}:",
          {name: round(value, 2) for name, value in row.items()})
    assert row["torch"] > 0.5 and row["file of optimize=False"] > 0.5
    assert row["onnxslim"] == row["onnxsim"] == row["onnxoptimizer"] == 0
normal, bernoulli = seen["randn_like"], seen["bernoulli"]
assert normal["file"] > 0.5 and normal["by onnxruntime's default"] > 0.5
assert bernoulli["file"] == bernoulli["by onnxruntime's default"] == 0
PY
echo "as claimed"
