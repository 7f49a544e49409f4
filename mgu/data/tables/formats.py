"""What kind of file a path leads to, by its first bytes: a CSV, Parquet, or something that is to be converted first."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mgu.errors import UserError

Format = Literal["csv", "parquet"]
PACKED = (".gz", ".bz2", ".xz", ".zip", ".zst", ".tar", ".tgz")  # which pandas unpacks by the end of the name
NUM_BYTES = 4096
FIRST_NAME = 300  # bytes of a zip archive in which the name of its first file is

# First bytes, what they are of, and what to do.
AS_CSV = "Open it in its program and save the sheet as CSV in UTF-8"
WITH_PANDAS = "Convert it to CSV or Parquet with pandas"
LOAD = "Load it in a function of yours, dataset=python dataset.target=my_data:load, or write a CSV with a header"
UNPACK = "Unpack it, or let its name end in the ending of its packer, such as .csv"
SIGNATURES: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("a zip archive", f"{UNPACK}.zip"),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook (.xls)", AS_CSV),
    b"ARROW1": ("a Feather or Arrow file", f"{WITH_PANDAS} (read_feather)"),
    b"FEA1": ("a Feather file", f"{WITH_PANDAS} (read_feather)"),
    b"ORC": ("an ORC file", f"{WITH_PANDAS} (read_orc)"),
    b"Obj\x01": ("an Avro file", "Convert it to CSV or Parquet"),
    b"\x89HDF": ("an HDF5 file", f"{WITH_PANDAS} (read_hdf)"),
    b"SQLite format 3": ("an SQLite data base", "Export one of its tables as CSV"),
    b"$FL2": ("an SPSS file", f"{WITH_PANDAS} (read_spss)"),
    b"<stata_dta>": ("a Stata file", f"{WITH_PANDAS} (read_stata)"),
    b"%PDF": ("a PDF", "Export its table as CSV"),
    b"\x93NUMPY": ("a NumPy array", LOAD),
    b"\x80\x04\x95": ("a pickle", f"{WITH_PANDAS} (read_pickle), if you trust where it comes from"),
    b"\x80\x05\x95": ("a pickle", f"{WITH_PANDAS} (read_pickle), if you trust where it comes from"),
    b"\x1f\x8b": ("packed with gzip", f"{UNPACK}.gz"),
    b"BZh": ("packed with bzip2", f"{UNPACK}.bz2"),
    b"\xfd7zXZ": ("packed with xz", f"{UNPACK}.xz"),
    b"(\xb5/\xfd": ("packed with Zstandard", f"{UNPACK}.zst"),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it"),
    b"Rar!": ("a RAR archive", "Unpack it"),
}
WORKBOOK_PARTS = {
    b"xl/": "an Excel workbook (.xlsx, .xlsm)",
    b"opendocument.spreadsheet": "a spreadsheet of LibreOffice (.ods)",
}


def find_format(file: Path, path: str) -> Format:
    """Returns the format of a file that is there, whatever its name.

    Args:
        file: The file.
        path: Its name in messages.

    Raises:
        UserError: It is in another format; the message says which and what to do.
    """
    with open(file, "rb") as content:
        head = content.read(NUM_BYTES)
    if not head:
        raise UserError(f"dataset.path must be a table, but {path} is empty. Name another file.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if kind := _foreign_kind(head, file):
        what, advice = kind
        raise UserError(f"dataset.path must be a CSV or Parquet file, but {path} is {what}. {advice}.")
    if file.suffix.lower() in (".parquet", ".parq", ".pq"):
        raise UserError(
            f"dataset.path must be a CSV or Parquet file, but {path} is no Parquet file in spite of its name. Write it "
            "anew, or let its name end in .csv if it is text."
        )
    return "csv"


def _foreign_kind(head: bytes, file: Path) -> tuple[str, str] | None:
    """Returns what a file is that is no table here, and what to do; None for a CSV, also for a packed one."""
    suffix = file.suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        for part, what in WORKBOOK_PARTS.items():
            if part in head or (suffix and suffix in what):
                return what, AS_CSV
        if suffix not in PACKED and b".npy" in head[:FIRST_NAME]:
            return "an archive of NumPy arrays (.npz)", LOAD
    if suffix in PACKED:
        return None
    known = (kind for signature, kind in SIGNATURES.items() if head.startswith(signature))
    return next(known, _foreign_text(head, suffix))


def _foreign_text(head: bytes, suffix: str) -> tuple[str, str] | None:
    """Returns what a text is that is no CSV, and what to do."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")) and suffix != ".csv":
        return "JSON", f"{WITH_PANDAS} (read_json)"
    if text.lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a page of HTML or XML", "Download the data itself; a link to a page was saved"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text in UTF-16", "Save it as UTF-8"
    return None
