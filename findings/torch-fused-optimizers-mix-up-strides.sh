#!/usr/bin/env bash
# Claim: fused AdamW and SGD on the CPU pair the values of a channels-last parameter with a contiguous gradient in the
#   order of memory: they update the wrong elements, without a word. The plain ones do not, and neither asks for strides
#   that agree. (Gradients of autograd have the strides of their parameter; gradients that are set by hand, averaged
#   over machines or read from a file need not.)
# Guess before: fused and plain implementations give the same numbers up to rounding, or refuse what they cannot take.
# Versions: torch==2.15.0 (numpy==2.3.5), CPU.
# Seen: one step differs by up to 0.6 (SGD, rate 0.1, gradients 0 to 23) and 0.2 (AdamW, rate 0.1, gradients 1 and -1);
#   equal where the gradient is channels last, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5
cd "$folder"
env/bin/python - <<'PY'
import torch


def step(kind, fused, gradient):
    weight = torch.nn.Parameter(torch.zeros(2, 3, 2, 2).to(memory_format=torch.channels_last))
    optimizer = kind([weight], lr=0.1, fused=fused, foreach=False)
    weight.grad = gradient
    optimizer.step()
    return weight.detach().contiguous()


print(torch.__version__)
gradient = torch.arange(24.0).reshape(2, 3, 2, 2)  # contiguous
signs = (-1) ** gradient
for kind, own in ((torch.optim.SGD, gradient), (torch.optim.AdamW, signs)):
    apart = (step(kind, True, own) - step(kind, False, own)).abs().max().item()
    alike = own.to(memory_format=torch.channels_last)
    equal = (step(kind, True, alike) - step(kind, False, alike)).abs().max().item()
    print(kind.__name__, "contiguous gradient:", round(apart, 4), "channels-last gradient:", round(equal, 4))
    assert apart > 0.1 and equal < 1e-6
PY
echo "as claimed"
