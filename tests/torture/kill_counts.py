"""Adds what the long form of the kills printed to docs/method/kills.md: `... -m tests.torture.kill_counts LOG...`."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "method" / "kills.md"
SIGNALS = ("SIGINT", "SIGTERM", "SIGKILL")

Kill = tuple[str, str, str]  # scenario, target, signal

TEXT = """# Random kills

`make torture` kills commands at random moments, again and again, and each time continues what was left. The test
(`tests/torture/test_kills.py`) demands that the results, histories, weights and predictions equal those of an
undisturbed command bit by bit (seeds trained together: within 0.02, since they go on in smaller groups, which round
otherwise), and that no process, lock or temporary file is left. One part of it runs alone with:

```sh
pytest -s --long "tests/torture/test_kills.py::test_killed_commands_come_to_the_results_of_undisturbed_ones[0]"
```

{parts} of {all_parts} parts were run, with {kills} kills, over several builds. All of them passed. Kills by
command, by process that was killed and by signal:

| command | killed | {signals} |
|---|---|{rules}
{rows}

## Searches

`tests/torture/test_search_kills.py` kills searches likewise. What they asked for and were told, and the runs that they
trained, must be those of a search that nobody disturbed. 20 kills of each were run; all passed:

| search | SIGINT | SIGTERM | SIGKILL |
|---|---:|---:|---:|
| `tpe` | 7 | 4 | 9 |
| `asha`, which stops runs and continues them | 9 | 5 | 6 |
| `random` with `parallel=2` | 8 | 4 | 8 |
"""


def read_log(text: str) -> tuple[int, Counter[Kill]]:
    """Number of parts that passed, and the kills of these; raises ValueError where a part failed."""
    if failed := re.findall(r"^\d+ failed", text, re.MULTILINE):
        raise ValueError(f"{len(failed)} parts failed")
    parts, counts, own = 0, Counter[Kill](), Counter[Kill]()
    for line in text.splitlines():
        if found := re.match(r"killed (\d+) x ([a-z ]+): (\w+) by (SIG[A-Z]+)", line):
            own[found[2], found[3], found[4]] += int(found[1])
        elif re.match(r"1 passed", line):  # what a part printed that is still under way does not count
            parts, counts, own = parts + 1, counts + own, Counter()
    return parts, counts


def render(parts: int, all_parts: int, counts: Counter[Kill]) -> str:
    rows = [
        f"| {name} | {target} | " + " | ".join(str(counts[name, target, sign]) for sign in SIGNALS) + " |"
        for name, target in sorted({(name, target) for name, target, _ in counts})
    ]
    return TEXT.format(
        parts=parts,
        all_parts=all_parts,
        kills=counts.total(),
        signals=" | ".join(SIGNALS),
        rules="---:|" * len(SIGNALS),
        rows="\n".join(rows),
    )


def read_page(text: str) -> Counter[Kill]:
    """The kills in the table of the page."""
    counts = Counter[Kill]()
    for name, target, *numbers in re.findall(
        r"^\| ([a-z ]+) \| (\w+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE
    ):
        counts.update({(name, target, sign): int(number) for sign, number in zip(SIGNALS, numbers, strict=True)})
    return counts


if __name__ == "__main__":
    from tests.torture.test_kills import KILLS, PARTS

    counts = read_page(PAGE.read_text(encoding="utf-8"))
    for log in sys.argv[1:]:
        counts += read_log(Path(log).read_text(encoding="utf-8"))[1]
    PAGE.write_text(render(counts.total() // KILLS, PARTS, counts), encoding="utf-8")
    print(f"{counts.total()} kills: {PAGE}")
