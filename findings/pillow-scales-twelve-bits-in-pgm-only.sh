#!/usr/bin/env bash
# Claim: Pillow reads one 12-bit picture sixteen times as bright from a PGM file as from PNG or TIFF: PGM is scaled by
#   its greatest value to 0..65535, the others keep the values of the file. The mode differs, too (I against I;16).
# Guess before: the same pixels come back from every lossless format.
# Versions: pillow==12.0.0, numpy==2.3.5; 13.0.0 does the same.
# Seen: pixels 0, 1, 2048, 4095 come back as 0, 16, 32776, 65535 from PGM, as they are from PNG and TIFF.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pillow==12.0.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PY'
import io

import numpy as np
import PIL
from PIL import Image

pixels = np.array([[0, 1], [2048, 4095]], dtype=np.uint16)
files = {"PGM": b"P5\n2 2\n4095\n" + pixels.astype(">u2").tobytes()}
for kind in ("PNG", "TIFF"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    files[kind] = file.getvalue()
seen = {}
for kind, content in files.items():
    image = Image.open(io.BytesIO(content))
    seen[kind] = (image.mode, np.array(image).ravel().tolist())
print(PIL.__version__, seen)
assert seen["PGM"] == ("I", [0, 16, 32776, 65535]), seen
assert seen["PNG"] == seen["TIFF"] == ("I;16", [0, 1, 2048, 4095]), seen
PY
echo "as claimed"
