#!/usr/bin/env bash
# Claim: after torch.set_flush_denormal(True) a msgspec field that must be above zero (Meta(gt=0), float) takes 0.0: the
#   bound is kept as "at least the next larger number", 5e-324, which the processor from then on compares as zero.
#   Python's own 0.0 < 5e-324 is False in such a process, too. A bound that is a normal number (ge=sys.float_info.min)
#   holds.
# Guess before: flushing concerns torch's arithmetic on tensors, and validation of a configuration is not touched by it.
# Versions: torch==2.15.0 (numpy==2.3.5), msgspec==0.22.0, x86-64 CPU.
# Seen: before: 0.0 refused ("Expected `float` > 0.0"); after: 0.0 accepted by gt=0, refused by
#   ge=2.2250738585072014e-308.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 numpy==2.3.5 msgspec==0.22.0
cd "$folder"
env/bin/python - <<'PY'
import sys
from typing import Annotated

import msgspec
import torch

positive = msgspec.json.Decoder(Annotated[float, msgspec.Meta(gt=0)])
normal = msgspec.json.Decoder(Annotated[float, msgspec.Meta(ge=sys.float_info.min)])


def refuses(decoder):
    try:
        decoder.decode(b"0.0")
    except msgspec.ValidationError as error:
        return str(error)
    return ""


before = refuses(positive)
assert torch.set_flush_denormal(True), "this processor cannot flush"
after, still, smaller = refuses(positive), refuses(normal), 0.0 < 5e-324
print(torch.__version__, msgspec.__version__)
print(f"before: {before!r}; after: {after!r}; with a normal bound: {still!r}; 0.0 < 5e-324: {smaller}")
assert before and not after and still and not smaller
PY
echo "as claimed"
