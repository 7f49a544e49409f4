#!/usr/bin/env bash
# Claim: torch.onnx.export with dynamo=False writes index_add, and index_put with accumulate=True, as a scatter that
#   overwrites, into zeros, and one addition: of all that goes to the same index only the last is added. The sum over a
#   node's neighbours in a graph network, a histogram, or the sum of sub-words of a word is then its last term. The
#   checker passes the file. index_add is refused where there are more values than places to add to; index_put is not.
#   scatter_add is exported right, and so are all three with dynamo=True.
# Guess before: index_add, index_put(accumulate=True) and scatter_add are three names of one sum, and exported as one.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0, numpy==2.3.5, CPU, operator sets 16
#   and 18.
# Seen: 1, 10 and 100 added at indices 2, 2 and 0 of zeros: torch 100, 0, 11; file of dynamo=False 100, 0, 10. 1000
#   messages of 1 to random ones of 1000 nodes: torch adds 1000 in all, the file 629.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import contextlib
import io

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def answers(function, inputs, dynamo, opset=18):
    """Returns what torch and onnxruntime answer."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        torch.onnx.export(Function(function).eval(), inputs, "model.onnx", dynamo=dynamo, opset_version=opset)
    onnx.checker.check_model("model.onnx", full_check=True)
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    feed = {given.name: value.numpy() for given, value in zip(session.get_inputs(), inputs, strict=True)}
    return function(*inputs).numpy(), session.run(None, feed)[0]


functions = {
    "index_add": lambda into, index, values: into.index_add(0, index, values),
    "index_put": lambda into, index, values: into.clone().index_put((index,), values, accumulate=True),
    "scatter_add": lambda into, index, values: into.scatter_add(0, index, values),
}
small = torch.zeros(3), torch.tensor([2, 2, 0]), torch.tensor([1.0, 10.0, 100.0])
torch.manual_seed(0)
graph = torch.zeros(1000), torch.randint(0, 1000, (1000,)), torch.ones(1000)
for name, function in functions.items():
    for dynamo, opset in ((False, 16), (False, 18), (True, 18)):
        expected, seen = answers(function, small, dynamo, opset)
        of_graph, of_file = answers(function, graph, dynamo, opset)
        print(f"{name}, dynamo={dynamo}, operator set {opset}: torch {expected.tolist()}, file {seen.tolist()};",
              f"all messages {of_graph.sum():.0f}, of the file {of_file.sum():.0f}")
        assert expected.tolist() == [100, 0, 11] and of_graph.sum() == 1000
        if dynamo or name == "scatter_add":
            assert np.array_equal(seen, expected) and np.array_equal(of_file, of_graph)
        else:
            assert seen.tolist() == [100, 0, 10] and of_file.max() == 1 and of_file.sum() < 650
PY
echo "as claimed"
