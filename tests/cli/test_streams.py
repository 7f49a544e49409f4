"""Output that cannot be written ends a command with one line and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mgu.cli.report import FORMATS
from mgu.results.on_disk.result_file import write_result
from tests.examples import example_result


def run_shell(runs: Path, words: str, output: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = f"'{sys.executable}' -m mgu report '{runs}' {words}"
    return subprocess.run(["bash", "-c", command], stdout=output, stderr=subprocess.PIPE, text=True, check=False)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    (tmp_path / "runs" / "x").mkdir(parents=True)
    write_result(tmp_path / "runs" / "x", example_result())
    return tmp_path / "runs"


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [
        (">&-", 2, "standard output must be open"),
        ("> /dev/full", 1, "No space left on device"),
    ],
)
def test_output_that_cannot_be_written(form: str, redirection: str, code: int, words: str, runs: Path) -> None:
    done = run_shell(runs, f"--format {form} {redirection}")
    assert done.returncode == code and words in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_reader_that_has_left_is_told_nothing(form: str, runs: Path) -> None:
    """As `| head` may; here it has left for sure when the report is written."""
    reader, writer = os.pipe()
    os.close(reader)
    done = run_shell(runs, f"--format {form}", writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("words", ["--pictures /proc/nowhere", "--format csv 2>&-"])
def test_no_traceback(words: str, runs: Path) -> None:
    done = run_shell(runs, words)
    assert done.stderr.count("\n") == ("2>" not in words) and "Traceback" not in done.stderr
    assert done.returncode == {"--pictures": 2, "--format": 0}[words.split(maxsplit=1)[0]]
