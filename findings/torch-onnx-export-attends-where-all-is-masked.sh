#!/usr/bin/env bash
# Claim: what attention says where every key is masked, as in a sequence that only fills up a batch, depends on how the
#   network was exported. torch's scaled_dot_product_attention says 0, for a mask of truth values and for one of minus
#   infinity. torch.onnx.export writes, by default, minus the largest float in place of infinity: the mean of all masked
#   values comes out; with the mask of minus infinity NaN comes out; with opset_version=23 (one operator) 0.
# Guess before: masked values never reach the output; the file answers as torch does, whichever opset it has.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2, onnxruntime==1.32.0 (numpy==2.3.5), CPU.
# Seen: values 0 to 3, 4 to 7, 8 to 11, no key left for the second query: torch 0 0 0 0, the file 4 5 6 7, by minus
#   infinity NaN, opset 23 0 0 0 0. The queries that have a key left agree to 1e-6 in all four.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python -W ignore - 2> errors <<'PY' || { cat errors; exit 1; }
import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


class Attention(nn.Module):
    def forward(self, query, key, value, mask):
        return scaled_dot_product_attention(query, key, value, attn_mask=mask)


def of_file(inputs, **options):
    model = torch.onnx.export(Attention(), inputs, dynamo=True, verbose=False, **options).model_proto
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = {told.name: given.numpy() for told, given in zip(session.get_inputs(), inputs, strict=True)}
    return session.run(None, feeds)[0][0, 0]


torch.manual_seed(0)
query, key = torch.randn(2, 1, 1, 3, 4)
value = torch.arange(12.0).reshape(1, 1, 3, 4)
allowed = torch.tensor([[True, False, False], [False, False, False], [True, True, True]])
infinite = torch.zeros(3, 3).masked_fill(~allowed, -torch.inf)
of_torch = Attention()(query, key, value, allowed)[0, 0].numpy()
assert np.array_equal(of_torch, Attention()(query, key, value, infinite)[0, 0].numpy())
seen = {
    "torch": of_torch,
    "file": of_file((query, key, value, allowed)),
    "file, mask of minus infinity": of_file((query, key, value, infinite)),
    "file, opset 23": of_file((query, key, value, allowed), opset_version=23),
}
for name, said in seen.items():
    print(f"{name}: {said[1].tolist()}")
    assert np.allclose(said[[0, 2]], of_torch[[0, 2]], atol=1e-5)  # where a key is left
assert (of_torch[1] == 0).all() and (seen["file, opset 23"][1] == 0).all()
assert np.allclose(seen["file"][1], [4, 5, 6, 7]) and np.isnan(seen["file, mask of minus infinity"][1]).all()
PY
echo "as claimed"
