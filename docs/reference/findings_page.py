"""The page of findings/: one row a script, from the comment on its top."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

from words import table

FINDINGS = Path(__file__).parents[2] / "findings"
SENTENCE_END = re.compile(r"(?<=[\w)\"%])(?<!e\.g)(?<!i\.e)(?<!et al)\.\s+(?=[\w\"(])")
SHORT = 130  # characters: a first sentence that is shorter needs the second one, too
INTRO = """
Libraries, formats and data sets of this field that behave otherwise than one would guess, found while `mgu` was built.
Each is a script that installs the versions named here into a temporary folder, shows the behaviour without `mgu`, and
fails once it has changed: `bash findings/NAME.sh`. The comment on its top has the whole claim, what was guessed before,
and what was seen.
"""


def render(generated: str) -> str:
    """Renders findings.md.

    Args:
        generated: The line that says where the page comes from.
    """
    rows = [_row(script) for script in sorted(FINDINGS.glob("*.sh"))]
    return f"# Findings\n\n{generated}\n{INTRO}\n" + table(("Finding", "Versions", "Claim, in short"), rows)


def _row(script: Path) -> tuple[str, str, str]:
    """Returns link, versions and the beginning of the claim of a script."""
    lines = script.read_text(encoding="utf-8").splitlines()[1:]
    comment = [line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), lines)]
    text = " ".join(comment)
    first, *others = SENTENCE_END.split(text.partition("Claim: ")[2].partition(" Guess before:")[0])
    claim = ". ".join([first, *others[:1]] if len(first) < SHORT else [first]).rstrip(".")
    if claim.split()[0].strip(",").isalpha():  # else it begins with a name of code
        claim = claim[0].upper() + claim[1:]
    versions = re.findall(r"[\w-]+==[\w.]*\w", re.split(r" Versions?: ", text)[1].partition(" Seen:")[0])
    words = script.stem.replace("-", " ")
    return f"[{words}](../../findings/{script.name})", ", ".join(versions), _plain(f"{claim}.")


def _plain(text: str) -> str:
    """Escapes what Markdown would take for marks."""
    return re.sub(r"([*_<>`\[\]])", r"\\\1", text)
