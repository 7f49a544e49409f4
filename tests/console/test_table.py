"""Tables fit the terminal: lesser columns go first and are named, then the widest column is folded between words."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from mgu.console.table import TextColumn, fit_columns, print_table

COLUMNS = [
    TextColumn("a", "name", ["digits_2-bn_pre", "\x1b[2J"], "left"),
    TextColumn("b", "b", ["1", "22"]),
    TextColumn("c", "words", ["some words that can be folded", "x"], "left"),
]


def printed(width: int, columns: list[TextColumn] = COLUMNS) -> str:
    file = io.StringIO()
    print_table(Console(file=file, width=width), columns, ["b"], title="t", elsewhere="; x.json has them")
    return file.getvalue()


def test_what_fits_is_in_full_and_aligned() -> None:
    lines = printed(60).splitlines()
    assert lines[2].startswith(" name               b   words") and lines[5] == " \\x1b[2J           22   x"
    assert "hidden" not in printed(60) and "\x1b" not in printed(60)


@pytest.mark.parametrize("width", range(38, 60))
def test_every_width_is_kept_and_no_word_is_cut(width: int) -> None:
    text = printed(width)
    table, _, hidden = text.partition("Columns hidden")
    assert max(map(len, map(str.rstrip, text.splitlines()))) <= width
    assert (" ".join(hidden.split()) == "to fit the terminal: b; x.json has them.") == (width < 53)
    assert all(word in table for word in ("digits_2-bn_pre", "some", "words", "folded"))


@pytest.mark.parametrize("width", [30, *range(55, 116, 3)])
def test_no_character_is_cut_off_where_several_columns_are_wide(width: int) -> None:
    columns = [
        TextColumn("a", "compared", ["the unit against its rival, whose name is long and says much", "another row"]),
        TextColumn("b", "rival has a longer title", ["digits_2-bn_pre-res-s0 and some", "digits_3-ln"]),
        TextColumn("c", "rival's CPU time", ["3.0x", "17.9x"]),
    ]
    written = [text for column in columns for text in (column.title, *column.cells)]
    file = io.StringIO()
    print_table(Console(file=file, width=width), columns)
    rows = [line.rstrip() for line in file.getvalue().splitlines() if "\u2500" not in line]
    assert max(map(len, rows)) <= width
    assert Counter("".join("".join(rows).split())) == Counter("".join("".join(written).split()))


@pytest.mark.parametrize("width", range(35, 60))
def test_a_number_is_not_broken_where_words_can_be(width: int) -> None:
    """-147.55 to +208.93 had become -147. / 55 to / +208. / 93."""
    columns = [
        TextColumn("a", "runs", ["mnist_2-ln", "x"], "left"),
        TextColumn("d", "difference", ["-147.55 to +208.93", "+22.08"]),
        TextColumn("p", "p", ["0.0012 (Welch)", "1"]),
    ]
    assert all(number in printed(width, columns) for number in ("mnist_2-ln", "-147.55", "+208.93", "0.0012"))


def test_wide_characters_count_twice() -> None:
    columns = [TextColumn("a", "a", ["\u4e2d\u6587", "x"], "left"), TextColumn("b", "b", ["1", "2"])]
    assert fit_columns(columns, ["b"], 9) == columns and fit_columns(columns, ["b"], 8) == columns[:1]
    assert printed(20, columns).splitlines()[4:6] == [" \u4e2d\u6587   1", " x      2"]
