#!/usr/bin/env bash
# Claim: torch.onnx.export drops arguments for which ONNX's operator has no counterpart, in place of refusing them.
#   scatter_reduce with reduce="mean", the mean over a node's neighbours in a graph network, becomes ScatterElements
#   with reduction "none": the value that comes last wins. cross_entropy's label_smoothing vanishes from the exported
#   loss. Sums and maxima are exported right; no warning tells the two kinds apart, and the checker passes the file.
# Guess before: what ONNX cannot say is written by other operators (a sum and a count), or the export raises.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0 (numpy==2.3.5), CPU.
# Seen: mean of the messages 1, 2, 9 to node 0 and 5 to node 1: torch 4 and 5, the file 9 and 5. Cross entropy with
#   label_smoothing=0.3: torch 0.70, the file 0.65, which is the loss without smoothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PY'
import warnings

import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn.functional import cross_entropy


class Neighbours(nn.Module):
    def __init__(self, reduce):
        super().__init__()
        self.reduce = reduce

    def forward(self, messages, node):
        return torch.zeros(2).scatter_reduce(0, node, messages, self.reduce, include_self=False)


class Loss(nn.Module):
    def __init__(self, smoothing):
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits, labels):
        return cross_entropy(logits, labels, label_smoothing=self.smoothing)


def both(module, *inputs):
    """Say what torch computes, and what onnxruntime computes of the exported file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = torch.onnx.export(module.eval(), inputs, dynamo=True, verbose=False).model_proto
    assert not [w for w in caught if "reduc" in str(w.message) or "smooth" in str(w.message)]
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = {told.name: value.numpy() for told, value in zip(session.get_inputs(), inputs, strict=True)}
    return module(*inputs).tolist(), session.run(None, feeds)[0].tolist()


messages, node = torch.tensor([1.0, 2, 9, 5]), torch.tensor([0, 0, 0, 1])
for reduce in ("sum", "amax", "mean"):
    of_torch, of_file = both(Neighbours(reduce), messages, node)
    print(f"{reduce}: torch {of_torch}, file {of_file}")
    assert of_file == (of_torch if reduce != "mean" else [9.0, 5.0]), reduce
assert of_torch == [4.0, 5.0]

logits, labels = torch.tensor([[1.0, 2], [3, 4], [5, 6]]), torch.tensor([1, 0, 1])
plain, _ = both(Loss(0.0), logits, labels)
smoothed, of_file = both(Loss(0.3), logits, labels)
print(f"loss: {plain:.4f}, smoothed {smoothed:.4f}, smoothed in the file {of_file:.4f}")
assert smoothed > plain + 0.01 and abs(of_file - plain) < 1e-5
PY
echo "as claimed"
