"""Writes and reads result.json, which ends with its own checksum."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mgu.errors import UserError
from mgu.results.on_disk.file_names import RESULT_FILE
from mgu.results.on_disk.files import replacing
from mgu.results.on_disk.sealed import Changed, read_plain, to_sealed_json, unseal
from mgu.results.schema.result import SCHEMA_VERSION, Result
from mgu.results.schema.sections import check_sections
from mgu.results.schema.upgrade import upgrade

SEALED_SINCE = 5  # schema version
WAY_OUT = "Use that version, or move the run's folder away."  # of a result of another version


class OtherVersion(ValueError):  # noqa: N818 - it is what the file is
    """Says that a result is whole, as its checksum tells, but of another version of this package.

    Args:
        error: Why this version cannot read it.
    """

    def __init__(self, error: object) -> None:
        super().__init__(
            f"of another version of mgu than this one, which reads schema version 1 to {SCHEMA_VERSION} ({error})"
        )


class ForeignResult(UserError):  # noqa: N818 - it is what the file is
    """Says that a run is not to be trained, for another version of this package wrote its result."""


def write_result(folder: Path, result: Result) -> None:
    """Writes result.json. Call it last, for the file's presence says that the run is over.

    Args:
        folder: The run's folder.
        result: The result.

    Raises:
        ValueError: Nobody could read it; nothing is written.
    """
    content = to_sealed_json(result)
    decode_result(content)
    with replacing(folder / RESULT_FILE) as temporary:
        temporary.write_bytes(content)


def read_result(path: Path) -> Result:
    """Reads a result.json.

    Args:
        path: The file.

    Returns:
        The result.

    Raises:
        ValueError: The file is torn, foreign, changed (`Changed`) or of another version (`OtherVersion`); the message
            is a reason in one line.
    """
    try:
        return decode_result(read_plain(path))
    except FileNotFoundError as error:
        raise ValueError(error.strerror) from None


def other_version(path: Path, error: OtherVersion) -> ForeignResult:
    """Returns the error for a result that another version of this package wrote.

    Args:
        path: The file.
        error: What is wrong with it.

    Returns:
        An error that says what to do about it.
    """
    return ForeignResult(f"{path} must be readable, but is {error}. {WAY_OUT}")


def describe_unreadable(error: ValueError) -> str:
    """Describes why the result in a run's folder cannot be read, and what to do where training again would be wrong.

    Args:
        error: What `read_result` raised.

    Returns:
        The description, which begins as in "of another version of mgu".
    """
    return f"{error}. {WAY_OUT}" if isinstance(error, OtherVersion) else str(error)


_DECODER = msgspec.json.Decoder(Result)


def decode_result(content: bytes) -> Result:
    """Reads the text of a result.json; it is valid here before it is written, too.

    Args:
        content: The text.

    Returns:
        The result.

    Raises:
        ValueError: As `read_result` has it.
    """
    text, is_sealed = unseal(content)
    try:
        result = _DECODER.decode(text)
        if (config := upgrade(result.config)) is not result.config:
            result = msgspec.structs.replace(result, config=config)
        check_sections(result.config)
        if result.best_epoch is not None and result.best_epoch > result.epochs:
            raise msgspec.ValidationError(f"best_epoch is {result.best_epoch} of {result.epochs} epochs")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if is_sealed:
            raise OtherVersion(error) from None
        raise ValueError(f"not a result of schema version 1 to {SCHEMA_VERSION}: {error}") from None
    if result.schema_version >= SEALED_SINCE and not is_sealed:
        raise Changed
    return result
