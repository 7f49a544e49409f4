"""Writes below each command of docs/tutorial.md what it prints: python docs/tutorial/render.py.

The commands run in order in an empty folder. A block of output ends where the command's output does; long outputs are
cut to their ends. Times and energies are those of the machine that ran it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

PAGE = Path(__file__).parents[1] / "tutorial.md"
FILES = Path(__file__).with_name("write_files.py")
BLOCK = re.compile(r"```sh\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)
MOST_LINES = 14  # of an output


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
        printed = [run(command) for command in commands(block[0])]
        lines = [line.rstrip() for line in printed[-1].strip("\n").splitlines()]
        if len(lines) > MOST_LINES:
            lines = ["[...]", *lines[-MOST_LINES:]]
        return f"```sh\n{block[1]}```\n" + ("\n```text\n" + "\n".join(lines) + "\n```\n" if lines else "")

    return BLOCK.sub(with_output, page)


def main() -> None:
    """Runs all commands and writes the page."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(FILES), folder], check=True)
        surroundings = os.environ | {"COLUMNS": "118", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
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
