#!/usr/bin/env bash
# Claim: torch.export.export forgets the name in Dim("batch"): shapes, constraints, and the ONNX file that is made of
#   the exported program have s31 or the like. The same model and the same Dim given to torch.onnx.export itself give
#   "batch".
# Guess before: the name of a Dim is what the axis is called, whichever of the two ways is taken to the same file.
# Versions: torch==2.15.0, onnx==1.23.2, onnxscript==0.7.2.
# Seen: "s31" by way of the program, and "batch" directly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2
cd "$folder"
env/bin/python - <<'PY'
import re

import torch
from torch.export import Dim, export

model, example = torch.nn.Linear(3, 2).eval(), torch.zeros(4, 3)
dynamic = ({0: Dim("batch", min=1)},)


def axis(program) -> str:
    return program.model_proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param


exported = export(model, (example,), dynamic_shapes=dynamic)
print(torch.__version__, exported.range_constraints)
by_program = axis(torch.onnx.export(exported, dynamo=True, verbose=False))
directly = axis(torch.onnx.export(model, (example,), dynamic_shapes=dynamic, dynamo=True, verbose=False))
print("by the program:", by_program, "directly:", directly)
assert re.fullmatch(r"s\d+", by_program) and directly == "batch"
PY
echo "as claimed"
