"""The data as pieces small enough to be sent one by one to a machine without a network, and back.

    .venv/bin/python benchmarks/pieces.py split DATA PIECES [--mib 56]   here: DATA as torchvision leaves it
    .venv/bin/python benchmarks/pieces.py join PIECES DATA               there, after every piece; again does no harm

A piece is named data.tar.gz.NUMBER-of-COUNT. `join` keeps what arrived in DATA, and unpacks it once all are there.
"""

from __future__ import annotations

import argparse
import shutil
import tarfile
from pathlib import Path

WANTED = ("MNIST/raw/*-ubyte", "cifar-10-batches-py/*")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("split", "join"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--mib", type=int, default=56)
    options = parser.parse_args()
    options.target.mkdir(parents=True, exist_ok=True)
    if options.what == "split":
        print(f"{split(options.source, options.target, options.mib * 2**20)} pieces in {options.target}")
    else:
        missing = join(options.source, options.target)
        print(f"{missing} pieces are missing" if missing else f"the data is in {options.target}")


def split(data: Path, pieces: Path, size: int) -> int:
    """Write the pieces; their number."""
    whole = pieces / "data.tar.gz"
    with tarfile.open(whole, "w:gz", compresslevel=6) as archive:
        for pattern in WANTED:
            for file in sorted(data.glob(pattern)):
                archive.add(file, str(file.relative_to(data)))
    count = -(-whole.stat().st_size // size)
    with whole.open("rb") as archived:
        for number in range(count):
            (pieces / f"{whole.name}.{number}-of-{count}").write_bytes(archived.read(size))
    whole.unlink()
    return count


def join(pieces: Path, data: Path) -> int:
    """Take over the pieces that are there; unpack them if they are all. How many are still missing."""
    if (data / "MNIST").is_dir() and (data / "cifar-10-batches-py").is_dir():
        return 0
    for piece in pieces.glob("data.tar.gz.*-of-*"):
        shutil.copy(piece, data)
    arrived = {file.suffix: file for file in data.glob("data.tar.gz.*-of-*")}
    count = int(next(iter(arrived)).rpartition("-")[2]) if arrived else 1
    if len(arrived) < count:
        return count - len(arrived)
    whole = data / "data.tar.gz"
    with whole.open("wb") as joined:
        for number in range(count):
            joined.write(arrived[f".{number}-of-{count}"].read_bytes())
    with tarfile.open(whole) as archive:
        archive.extractall(data, filter="data")
    for file in (whole, *arrived.values()):
        file.unlink()
    return 0


if __name__ == "__main__":
    main()
