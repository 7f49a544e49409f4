"""Writes below each command of docs/tutorial.md what it prints: python docs/tutorial/render.py.

The commands run in order in an empty folder. Of a long output the page has the beginning where it is of `report` or
`diff`, whose verdict comes first, else the end. Times and energies are those of the machine that ran it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

PAGE = Path(__file__).parents[1] / "tutorial.md"
FILES = Path(__file__).with_name("write_files.py")
BLOCK = re.compile(r"```sh\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)
MOST_LINES, WIDTH = 18, 118  # of an output, and of a sentence in it


def commands(page: str) -> list[str]:
    """Returns the commands of the page in order, one line each."""
    return [line for block in BLOCK.findall(page) for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def render(page: str, run: Callable[[str], str]) -> str:
    """Returns the page with the outputs of its commands.

    Args:
        page: The page, with or without outputs.
        run: Runs one command and returns what it prints.

    Returns:
        The page in which each block of commands is followed by what the last of them printed.
    """

    def with_output(block: re.Match[str]) -> str:
        *before, last = commands(block[0])
        for command in before:
            run(command)
        lines = shorten(run(last), from_end=last.split()[1] not in ("report", "diff", "predict"))
        return f"```sh\n{block[1]}```\n" + ("\n```text\n" + "\n".join(lines) + "\n```\n" if lines else "")

    return BLOCK.sub(with_output, page)


def shorten(printed: str, from_end: bool) -> list[str]:
    """Returns the lines of an output as the page has them.

    Args:
        printed: The output.
        from_end: Whether of a long one the end is kept; else the beginning.

    Returns:
        Its lines, sentences folded, with a mark where some are left out.
    """
    lines: list[str] = []
    for line in printed.strip("\n").splitlines():
        is_sentence = len(line) > WIDTH and "  " not in line
        lines += textwrap.wrap(line, WIDTH) if is_sentence else [line.rstrip()]
    if len(lines) <= MOST_LINES:
        return lines
    return ["[...]", *lines[-MOST_LINES:]] if from_end else [*lines[:MOST_LINES], "[...]"]


def main() -> None:
    """Runs all commands and writes the page."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(FILES), folder], check=True)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        surroundings = os.environ | {"COLUMNS": str(WIDTH), "PATH": path}
        surroundings["MGU_RUNS"] = "runs"

        def run(command: str) -> str:
            words = ["bash", "-c", command]
            done = subprocess.run(words, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
            print(command, done.stderr, done.stdout, sep="\n")
            if done.returncode:
                raise SystemExit(f"failed: {command}")
            return done.stdout

        PAGE.write_text(render(PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")


if __name__ == "__main__":
    main()
