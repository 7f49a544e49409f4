"""MovieLens: users with several films in their last second, and films that stand under two numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgu.data.datasets import open_dataset
from mgu.data.ratings.movielens import load_movielens
from mgu.data.ratings.splits import split_next_item
from tests.conftest import Configure
from tests.data.test_recommendations import generate


def write(root: Path, rows: list[tuple[int, int, int]]) -> Path:
    """Users, films and times as given, in the files of a generated set; films 2 and 9 are one, and 3 and 8 not."""
    folder = generate(root) / "ml-100k"
    items = (folder / "u.item").read_text("latin-1").splitlines()
    fields = [line.split("|") for line in items]
    fields[8][1:3], fields[7][1] = fields[1][1:3], fields[2][1]
    (folder / "u.item").write_text("\n".join("|".join(own) for own in fields) + "\n", "latin-1")
    (folder / "u.data").write_text("".join(f"{user}\t{item}\t4\t{time}\n" for user, item, time in rows))
    return root


# User 1 has 7, 5 and 6 in the last second; user 2 rated both numbers of a film; the others have one last film.
ROWS = [(1, 7, 30), (1, 5, 30), (1, 6, 30), (1, 1, 10), (2, 9, 10), (2, 3, 20), (2, 8, 25), (2, 2, 40)]
ROWS += [(user, item, 100 * item) for user in (3, 4, 5) for item in (10, 11, 12, 13, 14)]


def last_films(root: Path, **options: object) -> dict[int, int]:
    """The number of each user's test film, where all films keep their place."""
    everything = load_movielens(root, False, **options)  # type: ignore[arg-type]
    test: Any = split_next_item(everything, 4).splits.test
    return {user + 1: item + 1 for user, item in test.pairs.tolist()}


def test_ties_are_decided_by_the_file_or_by_the_number(tmp_path: Path) -> None:
    root = write(tmp_path, ROWS)
    assert last_films(root) == {1: 6, 2: 2, 3: 14, 4: 14, 5: 14}
    assert last_films(root, ties="number") == {1: 7, 2: 2, 3: 14, 4: 14, 5: 14}
    data = root / "ml-100k" / "u.data"
    data.write_text("".join(sorted(data.read_text().splitlines(keepends=True))))
    assert last_films(root, ties="number")[1] == 7  # whatever the order of the rows


def test_joined_films_are_rated_once_and_stand_in_one_split(tmp_path: Path) -> None:
    root = write(tmp_path, ROWS)
    apart, joined = (load_movielens(root, False, join_films=join) for join in (False, True))
    assert len(apart.item_features) == 60 and len(joined.item_features) == 59
    assert len(apart.ratings) == len(joined.ratings) + 1 == len(ROWS)
    mine = joined.items[joined.users == 1].tolist()  # film 9 is film 2 now, at the time of the first rating
    assert mine == [1, 2, 7]
    test: Any = split_next_item(joined, 4).splits.test
    assert test.pairs[1].tolist() == [1, 7]


def test_both_are_counted_in_the_notes_of_a_run(tmp_path: Path, configure: Configure) -> None:
    at = ["dataset=movielens", "layout=dense_2", f"dataset.root={write(tmp_path, ROWS)}"]
    plain, numbered, joined = (
        configure(*at, *more) for more in ([], ["dataset.ties=number"], ["dataset.join_films=true"])
    )
    films = "1 films of one title and date stand under several numbers; 1 times a user rated several of them, "
    ties = "1 of 5 users rated several films in their last second; "
    first, second = open_dataset(plain.dataset).splits.notes
    assert first.startswith(films) and first.endswith("dataset.join_films=true joins them")
    assert second == ties + "their order in the file decides (dataset.ties=number: the number of the film)"
    assert open_dataset(numbered.dataset).splits.notes[1] == ties + "the number of the film decides"
    assert open_dataset(joined.dataset).splits.notes == (second,)
    assert len({config.identity for config in (plain, numbered, joined)}) == 3
    labels = [config.dataset.label.removeprefix(plain.dataset.label) for config in (numbered, joined)]
    assert labels == [" ties by number", " films joined"]
    ratings = configure(*at, "dataset.task=regression")
    assert open_dataset(ratings.dataset).splits.notes == (first,)


@pytest.mark.parametrize("root", ["~nobody_of_this_name", "a\0b"])
def test_a_root_of_nothing(root: str, tmp_path: Path) -> None:
    from mgu.data.ratings.files import resolve
    from mgu.errors import UserError

    with pytest.raises(UserError, match="dataset movielens must be in"):
        resolve({"root": root, "download": False})
