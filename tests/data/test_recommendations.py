"""Recommendations, on a small set generated in the format of MovieLens-100K: files, splits, metrics, models."""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import ndcg_score
from torch import nn

from mgu.config.run import RunConfig
from mgu.data.datasets import open_dataset
from mgu.data.ratings import files
from mgu.data.ratings.candidates import Candidates
from mgu.data.ratings.movielens import Interactions, load_movielens
from mgu.data.ratings.splits import describe_unscored, split_next_item, split_ratings
from mgu.errors import UserError
from mgu.explain.explanation import explain_model
from mgu.factory.model import build_model, count_flops
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import load_trained
from mgu.models.recommender import Factorisation, embedding
from mgu.results.on_disk.folder import run_folder
from mgu.run.execute import run
from mgu.tasks.ranking import Ranking
from mgu.train.loop import evaluate
from tests.conftest import Configure

NUM_USERS, NUM_ITEMS = 40, 60
JOBS = ["artist", "doctor", "none"]


def generate(root: Path, seed: int = 0) -> Path:
    """Two kinds of users and films: users like films of their kind. Times are in no order of the file, with ties."""
    random = np.random.default_rng(seed)
    folder = root / "ml-100k"
    folder.mkdir()
    users = [f"{u}|{20 + u}|{'MF'[u % 2]}|{JOBS[u % 3]}|9{u:04}" for u in range(1, NUM_USERS + 1)]
    items = []
    for i in range(1, NUM_ITEMS + 1):
        genres = "|".join("1" if genre == i % 2 else "0" for genre in range(19))
        items.append(f"{i}|Film à {i} (19{i:02})|{'' if i == 7 else f'01-Jan-19{30 + i}'}||http://x/?{i}|{genres}")
    rows: list[Any] = []
    for user in range(1, NUM_USERS + 1):
        for item in random.choice(
            np.arange(1, NUM_ITEMS + 1), random.integers(2 if user == 3 else 8, 25), replace=False
        ):
            if user == 3 and len([row for row in rows if row[0] == 3]) == 2:
                break  # too few to hold any out
            like = 4.5 if user % 2 == item % 2 else 2.0
            rows.append(
                (user, item, int(np.clip(round(random.normal(like, 0.5)), 1, 5)), 880_000_000 + random.integers(300))
            )
    random.shuffle(rows)
    (folder / "u.user").write_text("\n".join(users) + "\n")
    (folder / "u.item").write_text("\n".join(items) + "\n", encoding="latin-1")
    (folder / "u.data").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("movielens"))


@pytest.fixture
def everything(root: Path) -> Interactions:
    return load_movielens(root, download=False)


def raw(root: Path) -> pd.DataFrame:
    return pd.read_csv(root / "ml-100k" / "u.data", sep="\t", names=["user", "item", "rating", "time"])


# Files


def test_the_format_is_read(root: Path, everything: Interactions) -> None:
    table = raw(root)
    assert len(everything.ratings) == len(table)
    assert everything.user_features.shape == (NUM_USERS, 1 + 2 + 3)
    assert everything.item_features.shape == (NUM_ITEMS, 1 + 19)
    assert everything.item_features[0, 1:].tolist() == [0, 1, *[0] * 17]  # film 1
    assert everything.item_features[6, 0] == 0  # film 7 has no date: the mean
    torch.testing.assert_close(everything.user_features[:, 0].mean(), torch.tensor(0.0), atol=1e-6, rtol=0)
    ours = {(u + 1, i + 1, int(r), t) for u, i, r, t in zip(*(part.tolist() for part in everything[:4]), strict=True)}
    assert ours == set(table.itertuples(index=False, name=None))


def test_without_files_the_terms_are_told_and_nothing_is_fetched(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(files, "urlopen", lambda *_, **__: pytest.fail("must not be called"))
    with pytest.raises(UserError, match=r"neither redistributed nor used commercially.* Pass dataset.download=true"):
        load_movielens(tmp_path, download=False)


def test_the_download_is_checked_and_unpacked(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is a stand-in: what it sends is a small set in an archive of the published form."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in files.FILES:
            archive.write(root / "ml-100k" / name, f"ml-100k/{name}")
    monkeypatch.setattr(files, "urlopen", lambda url, timeout: io.BytesIO(content.getvalue()))
    with pytest.raises(UserError, match="its checksum is not the published one"):
        load_movielens(tmp_path, download=True)
    monkeypatch.setattr(files, "MD5", hashlib.md5(content.getvalue()).hexdigest())
    assert len(load_movielens(tmp_path, download=True).ratings) == len(raw(root))


def test_a_file_of_another_format_is_named(root: Path, tmp_path: Path) -> None:
    generate(tmp_path)
    data = tmp_path / "ml-100k" / "u.data"
    data.write_text(data.read_text() + "999\t1\t3\t880000000\n")
    with pytest.raises(UserError, match=r"format of ml-100k, but .* \(user 999 of u.data is not in u.user\)"):
        load_movielens(tmp_path, download=False)
    data.write_text("1\t1\t3\t880000000\n1\t2\t3\t880000000\n")
    with pytest.raises(UserError, match="too few to be split: 2 ratings"):
        load_movielens(tmp_path, download=False)
    data.write_text("user,item\n1,2\n" * 30)
    with pytest.raises(UserError, match="format of ml-100k"):
        load_movielens(tmp_path, download=False)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("u.data", r"\t\d\t", "\t\t", "rating in line 1 of u.data is no number from 0.5 to 5: ''"),
        ("u.data", r"\t\d\t", "\t99\t", "rating in line 1 of u.data is no number from 0.5 to 5: '99'"),
        ("u.data", r"\t\d\t", "\tnan\t", "rating in line 1 of u.data is no number from 0.5 to 5: 'nan'"),
        ("u.data", r"^\d+\t", "1.5\t", "user in line 1 of u.data is no whole number: '1.5'"),
        ("u.data", r"\n", "\t7\n", "line 1 of u.data has 5 fields and not 4"),
        ("u.item", r"\|[01]\n", "\n", "line 1 of u.item has 23 fields and not 24"),
        ("u.item", r"\|[01]\n", "|2\n", "genre_18 in line 1 of u.item is no whole number from 0 to 1: '2'"),
        ("u.item", r"\n2\|", "\n1|", "item 1 is in u.item twice"),
        ("u.user", r"\n2\|", "\n1|", "user 1 is in u.user twice"),
        ("u.user", r"\|21\|", "||", "age in line 1 of u.user is no number from 0 to 150: ''"),
    ],
)
def test_a_torn_file_is_refused(name: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    path = generate(tmp_path) / "ml-100k" / name
    path.write_text(re.sub(old, new, path.read_text("latin-1"), count=1), "latin-1")
    with pytest.raises(UserError, match=re.escape(f"are not ({message})")) as caught:
        load_movielens(tmp_path, download=False)
    assert len(str(caught.value).splitlines()) == 1


def test_quotes_and_line_ends_of_other_systems_are_no_fault(everything: Interactions, tmp_path: Path) -> None:
    """A title may have one quote, and Latin-1 has a character that Python takes for the end of a line."""
    path = generate(tmp_path) / "ml-100k" / "u.item"
    path.write_text(path.read_text("latin-1").replace("Film à 1", '"Film \x85', 1).replace("\n", "\r\n"), "latin-1",
                    newline="")  # fmt: skip
    assert torch.equal(load_movielens(tmp_path, download=False).item_features, everything.item_features)


def test_a_run_is_known_by_its_files_and_not_by_where_they_lie(
    root: Path, tmp_path: Path, configure: Configure
) -> None:
    def at(folder: Path) -> RunConfig:
        return configure("dataset=movielens", "layout=dense_2", f"dataset.root={folder}")

    first, copy = at(root), at(generate(tmp_path))
    assert copy.identity == first.identity and copy.dataset.label == first.dataset.label
    data = tmp_path / "ml-100k" / "u.data"
    data.write_text(data.read_text() + "1\t1\t3\t880000000\n")
    other = at(tmp_path)
    assert other.identity != first.identity and other.dataset.label != first.dataset.label
    with pytest.raises(UserError, match=r"must be the files that the run began with, but those in .* have changed"):
        _ = open_dataset(copy.dataset).splits


# Splits


def test_the_next_item_is_never_known_before(root: Path, everything: Interactions) -> None:
    """Against the table itself: train before validation before test, the rest of each user's, items apart."""
    table = raw(root)
    splits: Any = split_next_item(everything, num_sampled=4).splits
    time = {(u - 1, i - 1): t for u, i, t in zip(table["user"], table["item"], table["time"], strict=True)}
    parts = [part.pairs.tolist() for part in (splits.train, splits.val, splits.test)]
    assert sorted(tuple(pair) for part in parts for pair in part) == sorted(time)
    user: Any
    for user, rows in table.groupby("user"):
        own = [[tuple(pair) for pair in part if pair[0] == user - 1] for part in parts]
        assert [len(part) for part in own[1:]] == ([1, 1] if len(rows) >= 3 else [0, 0])
        if len(rows) >= 3:
            assert max(time[pair] for pair in own[0]) <= time[own[1][0]] <= time[own[2][0]] == rows["time"].max()
    few = sum(len(rows) < 3 for _, rows in table.groupby("user"))
    assert few == 1 and f"1 of {table['user'].nunique()} users has fewer than three" in describe_unscored(splits)


def test_all_new_items_compete_and_no_known_one(everything: Interactions) -> None:
    splits: Any = split_next_item(everything, num_sampled=4).splits
    train = {(u, i) for u, i in splits.train.pairs.tolist()}
    val = {(u, i) for u, i in splits.val.pairs.tolist()}
    for part, known in ((splits.val, train), (splits.test, train | val)):
        inputs, targets = part.batch(slice(None))
        assert inputs.shape == (len(part), NUM_ITEMS, 2)
        for row, target, (user, item) in zip(inputs.tolist(), targets.tolist(), part.pairs.tolist(), strict=True):
            assert target == item and row[target] == [user, item]
            assert all(pair == [user, NUM_ITEMS if (user, i) in known else i] for i, pair in enumerate(row))


def test_training_draws_others_anew_and_none_that_is_known(everything: Interactions) -> None:
    train: Any = split_next_item(everything, num_sampled=30).splits.train
    torch.manual_seed(1)
    (first, chosen), (second, _) = train.batch(torch.arange(20)), train.batch(torch.arange(20))
    assert first.shape == (20, 31, 2) and not torch.equal(first, second) and chosen.eq(0).all()
    assert torch.equal(first[:, 0], train.pairs[:20])
    known = {(u, i) for u, i in train.pairs.tolist()}
    assert not known & {(u, i) for u, i in first[:, 1:].reshape(-1, 2).tolist()}
    assert (first[..., 1] < NUM_ITEMS).all()  # a batch norm would take what is no item into its statistics
    torch.manual_seed(1)
    assert torch.equal(train.batch(torch.arange(20))[0], first)


def test_others_are_drawn_evenly_among_the_unknown() -> None:
    """One user who knows items 0 and 3 of six; one who knows all, for whom nothing is left."""
    seen = torch.tensor([[True, False, False, True, False, False], [True] * 6])
    pairs = Candidates(torch.tensor([[0, 0], [1, 2]]), seen, num_sampled=40_000).batch(slice(None))[0]
    shares = pairs[0, 1:, 1].bincount(minlength=6) / 40_000
    torch.testing.assert_close(shares, torch.tensor([0, 0.25, 0.25, 0, 0.25, 0.25]), atol=0.01, rtol=0)
    assert (pairs[1, 1:, 1] == 6).all()


def test_ratings_are_cut_in_time_and_scaled_by_training_ones(root: Path, everything: Interactions) -> None:
    table = raw(root)
    ratings: Any = split_ratings(everything)
    time = {(u - 1, i - 1): (t, r) for u, i, r, t in table.itertuples(index=False, name=None)}
    parts = [part.batch(slice(None)) for part in (ratings.splits.train, ratings.splits.val, ratings.splits.test)]
    times = [[time[tuple(pair)][0] for pair in inputs.tolist()] for inputs, _ in parts]
    assert max(times[0]) <= min(times[1]) and max(times[1]) <= min(times[2])
    assert sum(map(len, times)) == len(table) and len(times[2]) == len(times[1]) == len(table) // 10
    for inputs, targets in parts:
        restored = targets * ratings.std + ratings.mean
        assert restored.tolist() == pytest.approx([time[tuple(pair)][1] for pair in inputs.tolist()], abs=1e-4)
    assert parts[0][1].mean().item() == pytest.approx(0, abs=1e-5)


# Metrics


def test_ranking_by_hand() -> None:
    """Four users, 12 items; ranks 1, 3, 11 and, for a tie is lost, 2."""
    scores = torch.arange(12, 0, -1.0).repeat(4, 1)
    scores[3, 1] = scores[3, 0]
    targets = torch.tensor([0, 2, 10, 0])
    task = Ranking(12)
    totals = task.totals()
    task.count(totals, scores[:3], targets[:3])
    task.count(totals, scores[3:], targets[3:])
    expected = {"ndcg_at_10": (1 + 1 / math.log2(4) + 0 + 1 / math.log2(3)) / 4, "recall_at_10": 3 / 4}
    assert task.metrics(totals) == pytest.approx(expected)
    few = task.totals()
    task.count(few, scores[:, :5], targets.clamp(max=4))
    assert task.metrics(few) == {}  # ranks among a few would flatter
    lost = task.totals()
    task.count(lost, torch.full((1, 12), torch.nan), targets[:1])
    assert task.metrics(lost)["ndcg_at_10"] == 0


@pytest.fixture
def popularity(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The baseline that ranks items by how often they were chosen in training."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    from movielens_baselines import Popularity

    return Popularity


@pytest.mark.parametrize(("num_sampled", "ranked"), [(NUM_ITEMS - 1, False), (4, False), (None, True)])
def test_sampled_candidates_are_not_ranked_however_many(
    everything: Interactions, num_sampled: int | None, ranked: bool, popularity: Any
) -> None:
    """As many candidates as there are items are still drawn with replacement, and the chosen one comes first."""
    pairs, seen = everything.pairs[:5], torch.zeros(len(everything.user_features), NUM_ITEMS, dtype=torch.bool)
    measured = evaluate(
        popularity(torch.arange(NUM_ITEMS)), Candidates(pairs, seen, num_sampled), Ranking(NUM_ITEMS), 2
    )
    assert measured.keys() == {"loss"} | ({"ndcg_at_10", "recall_at_10"} if ranked else set())


def test_ranking_is_that_of_scikit_learn_and_of_a_naive_loop() -> None:
    scores = torch.randn(50, 30, dtype=torch.float64)
    targets = torch.randint(30, (50,))
    scores[torch.rand(50, 30) < 0.3] = -torch.inf
    scores[range(50), targets] = torch.randn(50, dtype=torch.float64)
    task = Ranking(30)
    totals = task.totals()
    task.count(totals, scores, targets)
    metrics = task.metrics(totals)
    relevant = nn.functional.one_hot(targets, 30).numpy()
    finite = scores.masked_fill(scores.isinf(), -1e9).numpy()
    assert metrics["ndcg_at_10"] == pytest.approx(ndcg_score(relevant, finite, k=10))
    hits = [target in sorted(range(30), key=row.__getitem__, reverse=True)[:10]
            for row, target in zip(finite, targets.tolist(), strict=True)]  # fmt: skip
    assert metrics["recall_at_10"] == pytest.approx(np.mean(hits))


def test_popularity_is_exact(root: Path, everything: Interactions, popularity: Any) -> None:
    """Against a count by hand, of training rows and with known films left out."""
    splits: Any = split_next_item(everything, num_sampled=4).splits
    counts = splits.train.pairs[:, 1].bincount(minlength=NUM_ITEMS)
    measured = evaluate(popularity(counts), splits.test, Ranking(NUM_ITEMS), 7)
    known = {(u, i) for part in (splits.train, splits.val) for u, i in part.pairs.tolist()}
    ranks = []
    for user, item in splits.test.pairs.tolist():
        rivals = [i for i in range(NUM_ITEMS) if i != item and (user, i) not in known]
        ranks.append(1 + sum(counts[i].item() >= counts[item].item() for i in rivals))
    assert measured["recall_at_10"] == pytest.approx(np.mean([rank <= 10 for rank in ranks]))
    assert measured["ndcg_at_10"] == pytest.approx(np.mean([(rank <= 10) / math.log2(rank + 1) for rank in ranks]))


# Models


def test_factorisation_by_hand() -> None:
    trained = (torch.tensor([True, True, False]), torch.tensor([True, False]))
    model = Factorisation(4, trained)
    with torch.no_grad():
        model.bias.fill_(0.5)
    p, q = model.user_factors.weight, model.item_factors.weight
    by_hand = 0.5 + model.user_bias.weight[1, 0] + model.item_bias.weight[0, 0] + p[1] @ q[0]
    scores = model(torch.tensor([[[1, 0], [2, 1], [1, 2]]]))
    assert scores[0, 0].item() == pytest.approx(by_hand.item())
    assert scores[0, 1] == 0.5  # neither was in training: the bias alone
    assert scores[0, 2] == -torch.inf  # item 2 is none
    assert (p[2] == 0).all() and (p[0] != 0).any()


def test_a_vector_of_what_training_has_not_stays_zero(configure: Configure, root: Path) -> None:
    table = embedding(torch.tensor([True, False]), 3)
    optimizer = torch.optim.NAdam(table.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        table(torch.tensor([0, 0])).sum().backward()
        optimizer.step()
    assert (table.weight[1:] == 0).all()


SMALL = ("dataset=movielens", "layout.width=16", "dataset.embedding=4", "training.batch_size=32",
         "training.eval_batch_size=16", "optimizer.lr=0.01")  # fmt: skip


def test_sizes_and_flops_by_hand(configure: Configure, root: Path) -> None:
    config = configure(*SMALL, "layout=dense_2", "norm=no_norm", f"dataset.root={root}")
    model, width = build_model(resolve(config)), 2 * 4 + 6 + 20
    dense = width * 16 + 16 + 16 * 16 + 16 + 16 + 1
    assert sum(p.numel() for p in model.parameters()) == dense + 4 * NUM_USERS + 4 * (NUM_ITEMS + 1)
    assert count_flops(resolve(config)) == 2 * (width * 16 + 16 * 16 + 16)
    assert model(torch.tensor([[[0, 1], [0, NUM_ITEMS]]])).isinf().tolist() == [[False, True]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "choice", ["layout=dense_2 mgu=reference", "layout=dense_2 norm=bn_pre residual=with", "layout=mf_32 norm=no_norm"]
)
def test_films_are_ranked_better_than_by_chance(choice: str, configure: Configure, root: Path) -> None:
    small = [value for value in SMALL if "mf" not in choice or "width" not in value]
    config = configure(*small, *choice.split(), f"dataset.root={root}", "training.epochs=6")
    run_folder(config).mkdir(parents=True)
    result = run(config)
    assert result.status == "ok" and result.task == "ranking" and result.dataset.startswith("movielens-next@")
    assert result.train and result.train.loss and result.train.ndcg_at_10 is None  # never ranked in full
    assert result.val and result.val.recall_at_10 and result.test and result.test.recall_at_10
    assert result.test.ndcg_at_10 and 0 < result.test.ndcg_at_10 < 1
    assert max(result.val.recall_at_10, result.test.recall_at_10) > 10 / NUM_ITEMS


def test_ratings_are_predicted_better_than_by_their_mean(configure: Configure, root: Path) -> None:
    config = configure(*SMALL, "layout=dense_2", "norm=ln", "dataset.task=regression", f"dataset.root={root}",
                       "training.epochs=25", "layout.dropout=0")  # fmt: skip
    run_folder(config).mkdir(parents=True)
    result = run(config)
    assert result.task == "regression" and result.dataset.startswith("movielens-ratings@")
    assert result.val and result.val.r2 and result.val.r2 > 0.3 and result.val.rmse and result.val.rmse < 1.2


@pytest.mark.parametrize("choice", ["layout=dense_2 mgu=reference", "layout=mf_32 norm=no_norm"])
def test_a_trained_recommender_is_rebuilt_with_the_features_of_its_data(
    choice: str, configure: Configure, root: Path
) -> None:
    """Features are buffers that are not in the weights' file."""
    small = [value for value in SMALL if "mf" not in choice or "width" not in value]
    config = configure(*small, *choice.split(), f"dataset.root={root}", "training.epochs=2")
    run_folder(config).mkdir(parents=True)
    run(config)
    trained = load_trained(run_folder(config))
    assert not any(tensor.is_meta for tensor in (*trained.model.parameters(), *trained.model.buffers()))
    metrics = evaluate(trained.model, trained.splits.val, trained.resolved.task, 16)
    assert trained.result.val and metrics["ndcg_at_10"] == pytest.approx(trained.result.val.ndcg_at_10)
    if config.mgu:
        assert len(explain_model(trained.resolved, trained.model, trained.splits.val).units) == 2


def test_what_does_not_fit_is_refused(configure: Configure, root: Path) -> None:
    at = f"dataset.root={root}"
    with pytest.raises(UserError, match="layout must be a dense one where the data are no images"):
        configure("dataset=movielens", at)
    with pytest.raises(UserError, match="layout mf_32 must be alone, for it has no layers"):
        configure("dataset=movielens", "layout=mf_32", "norm=ln", at)
    with pytest.raises(UserError, match="layout must have layers for dataset=digits, but got mf_32"):
        configure("layout=mf_32", "norm=no_norm")
    told = [
        configure("dataset=movielens", "layout=dense_2", at, f"dataset.download={value}") for value in ("true", "false")
    ]
    assert told[0].identity == told[1].identity
