#!/usr/bin/env bash
# Claim: torch.onnx.export writes a stack trace of each operator into the model file: paths of the exporting machine
#   (its user's name included) and lines of the model's source code. No option of export leaves it out. Who ships the
#   file ships both.
# Guess before: names of operators and weights only, as from the older exporter (dynamo=False).
# Versions: torch==2.13.0, onnx==1.23.2, onnxscript==0.7.2.
# Seen: each node has pkg.torch.onnx.stack_trace among its metadata_props, with the file of the model's forward, the
#   line's number and text; in the older exporter's file there is neither.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2
mkdir "$folder/home-of-somebody"
cat > "$folder/home-of-somebody/secret_model.py" <<'PY'
import warnings
from pathlib import Path

import onnx
import torch

warnings.simplefilter("ignore")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def forward(self, x):
        return torch.relu(self.layer(x))  # a line that was not meant for customers


if __name__ == "__main__":
    for is_new in (True, False):
        torch.onnx.export(Net().eval(), (torch.randn(3, 4),), "net.onnx", dynamo=is_new, verbose=False)
        content = Path("net.onnx").read_bytes()
        named = b"home-of-somebody/secret_model.py" in content, b"not meant for customers" in content
        print("dynamo" if is_new else "older", "exporter: path and source line in the file", named)
        assert named == (is_new, is_new), named
    torch.onnx.export(Net().eval(), (torch.randn(3, 4),), "net.onnx", dynamo=True, verbose=False)
    keys = {prop.key for node in onnx.load("net.onnx").graph.node for prop in node.metadata_props}
    print(sorted(keys))
    assert "pkg.torch.onnx.stack_trace" in keys
PY
cd "$folder/home-of-somebody" && "$folder/env/bin/python" secret_model.py 2> /dev/null
echo "as claimed"
