"""The page about kills has the sums of its own table, and each part of the test has its number of kills."""

from __future__ import annotations

import re

import pytest

from tests.torture.kill_counts import PAGE, read_log, read_page, render
from tests.torture.test_kills import KILLS, PARTS


@pytest.mark.skipif(not PAGE.exists(), reason="no part has been counted")
def test_the_page_is_rendered_from_its_counts() -> None:
    text = PAGE.read_text(encoding="utf-8")
    counts = read_page(text)
    assert counts.total() % KILLS == 0
    assert text == render(counts.total() // KILLS, PARTS, counts)
    named = re.findall(r"(\d+) of (\d+) parts were run, with (\d+) kills", text)
    assert named == [(str(counts.total() // KILLS), str(PARTS), str(counts.total()))]


def test_only_parts_that_passed_are_counted() -> None:
    passed = "\nkilled 24 x sweep: run by SIGINT\nkilled 1 x joblib: server by SIGKILL.\n1 passed in 9s\n"
    log = f"{passed}\nkilled 2 x sweep: run by SIGINT\n"
    parts, counts = read_log(log)
    assert parts == 1 and counts == {("sweep", "run", "SIGINT"): 24, ("joblib", "server", "SIGKILL"): 1}
    assert read_page(render(parts, PARTS, counts)) == counts
    with pytest.raises(ValueError, match="1 parts failed"):
        read_log(log + "1 failed in 3s\n")
