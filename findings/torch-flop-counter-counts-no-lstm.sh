#!/usr/bin/env bash
# Claim: torch's FlopCounterMode counts no operations at all for nn.LSTM on the CPU and for nn.MultiheadAttention in
#   evaluation mode, though it counts nn.GRU, nn.RNN, and the same attention in training mode. Nothing is said.
# Guess before: all are matrix products, so all are counted, in either mode.
# Versions: torch==2.13.0 (CPU), seen likewise in 2.15.0.
# Why: both take one fused operator (aten::mkldnn_rnn_layer, aten::_native_multi_head_attention) that the counter has no
#   formula for. On the meta device the LSTM is decomposed, and counted.
# Seen: 10 steps, 16 features: RNN 10240, GRU 30720, LSTM 0 (on meta 40960); attention in training 26880, in
#   evaluation 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count(module, x):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(x)
    return counter.get_total_flops()


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)[0]


x = torch.randn(1, 10, 16)
seen = {kind.__name__: count(kind(16, 16, batch_first=True), x) for kind in (nn.RNN, nn.GRU, nn.LSTM)}
with torch.device("meta"):
    seen["LSTM on meta"] = count(nn.LSTM(16, 16, batch_first=True), torch.empty(1, 10, 16))
seen["attention, train"] = count(Attention().train(), x)
seen["attention, eval"] = count(Attention().eval(), x)
print(torch.__version__, seen)
assert (seen["RNN"], seen["GRU"], seen["LSTM"]) == (10_240, 30_720, 0), seen
assert seen["LSTM on meta"] == 40_960, seen
assert seen["attention, train"] > 20_000 and seen["attention, eval"] == 0, seen
PY
echo "as claimed"
