#!/usr/bin/env bash
# Claim: shards of mosaicml-streaming and of litdata give other images and numbers back than they took. Both keep an
#   image as its mode and its raw bytes: of one with a palette (PNG, GIF) these are indices, the palette is left out,
#   and it comes back as mode P, all of it black once it is converted to RGB. Written as a file ("png" of streaming) the
#   same image is right. streaming's "ndarray" keeps the name of the dtype without its byte order, so that big-endian
#   numbers (as read from FITS, IDX or older NetCDF files) come back as others. Nothing warns.
# Guess before: what a shard gives is what it took, to the bit, unless the encoding is JPEG.
# Versions: mosaicml-streaming==0.13.0, litdata==0.2.76, torch==2.15.0 (CPU), torchvision==0.29.2, numpy==2.1.3,
#   pillow==13.0.0, transformers==4.57.6.
# Seen: a PNG of blue and red: "png" blue and red; "pil" and litdata black alone. [1, 2, 3] as >f4:
#   [4.6e-41, 9.0e-44, 2.3e-41]; as native numbers [1, 2, 3].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.15.0 torchvision==0.29.2 numpy==2.1.3 mosaicml-streaming==0.13.0 \
    litdata==0.2.76 pillow==13.0.0 transformers==4.57.6
cd "$folder"
cat >shards.py <<'PY'
import io

import litdata
import numpy as np
import streaming
from PIL import Image

red = Image.new("RGB", (8, 8), (255, 0, 0))
red.paste((0, 0, 255), (0, 0, 8, 4))
file = io.BytesIO()
red.quantize(2).save(file, "PNG")
image = Image.open(file)
numbers = np.array([1.0, 2.0, 3.0], dtype=">f4")


def colours(image):
    return sorted(colour for _, colour in image.convert("RGB").getcolors())


def through_streaming(kind, value, folder):
    with streaming.MDSWriter(out=folder, columns={"value": kind}) as writer:
        writer.write({"value": value})
    return streaming.StreamingDataset(local=folder, batch_size=1, shuffle=False)[0]["value"]


def sample(index):
    return {"value": Image.open(io.BytesIO(file.getvalue()))}


if __name__ == "__main__":
    right = colours(image)
    pil, png = (through_streaming(kind, image, kind) for kind in ("pil", "png"))
    litdata.optimize(sample, [0], "litdata", chunk_bytes="1MB", num_workers=1, mode="overwrite", verbose=False)
    lit = litdata.StreamingDataset("litdata")[0]["value"]
    print(f"colours of a {image.format} of mode {image.mode}: {right}, streaming png {colours(png)}, "
          f"pil {colours(pil)}, litdata {colours(lit)}")
    back = through_streaming("ndarray", numbers, "numbers")
    print(numbers, numbers.dtype, "->", back, back.dtype)
    assert right == [(0, 0, 255), (255, 0, 0)] == colours(png)
    assert pil.mode == lit.mode == "P" and colours(pil) == colours(lit) == [(0, 0, 0)]
    assert back.dtype == "float32" and (abs(back) < 1e-38).all()
    native = through_streaming("ndarray", numbers.astype("f4"), "native")
    assert (native == numbers).all()
PY
OMP_NUM_THREADS=1 env/bin/python -W ignore shards.py
echo "as claimed"
