#!/usr/bin/env bash
# Claim: torch.onnx.export writes functions that exist to avoid overflow and rounding as the formulas that they avoid:
#   LogSigmoid as log(sigmoid(x)), logaddexp as log(exp(a) + exp(b)), log1p as log(1 + x), expm1 as exp(x) - 1. The file
#   says -inf where torch says -200, and a binary cross entropy with logits of a right and certain answer is inf in it.
#   LogSoftmax and logsumexp are exported as themselves. onnxruntime's sigmoid is 0 at -20, so -inf begins there.
# Guess before: a numerically stable function is exported by stable operators (Softplus, Max), or its name is kept.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0 (numpy==2.3.5), x86-64 CPU.
# Seen: torch, then the file: logsigmoid(-200) -200, -inf (at -20: -20, -inf); loss of logit -200 for label 0: 0, inf;
#   logaddexp(200, 199) 200.3, inf; log1p(1e-8) 1e-8, 0; expm1(1e-8) 1e-8, 0; log_softmax of 200 and 0: the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PY'
import onnxruntime
import torch
from torch import nn
from torch.nn import functional


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def both(function, *numbers):
    """Say what torch computes, and what onnxruntime computes of the exported file."""
    module, x = Function(function).eval(), torch.tensor(numbers)
    model = torch.onnx.export(module, (x,), dynamo=True, verbose=False).model_proto
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    of_file = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])
    return module(x), of_file, [node.op_type for node in model.graph.node]


def loss(logits):
    return functional.binary_cross_entropy_with_logits(logits, torch.zeros(1))


for name, function, numbers, right, wrong in (
    ("logsigmoid", functional.logsigmoid, [-200.0], -200.0, -float("inf")),
    ("loss", loss, [-200.0], 0.0, float("inf")),
    ("logaddexp", lambda x: torch.logaddexp(x, x - 1), [200.0], 200.3133, float("inf")),
    ("log1p", torch.log1p, [1e-8], 1e-8, 0.0),
    ("expm1", torch.expm1, [1e-8], 1e-8, 0.0),
    ("log_softmax", lambda x: x.log_softmax(0)[1:], [200.0, 0.0], -200.0, -200.0),
    ("logsumexp", lambda x: x.logsumexp(0, keepdim=True), [200.0, 199.0], 200.3133, 200.3133),
):
    of_torch, of_file, operators = both(function, *numbers)
    print(f"{name}{numbers}: torch {of_torch.item():.7g}, file {of_file.item():.7g} by {operators}")
    torch.testing.assert_close(of_torch.flatten(), torch.tensor([right]), rtol=1e-5, atol=0)
    torch.testing.assert_close(of_file.flatten(), torch.tensor([wrong]), rtol=1e-5, atol=0)
PY
echo "as claimed"
