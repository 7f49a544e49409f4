"""A trained model whose data are gone or lie elsewhere: what is said, and that it helps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mgu.data.tables.files import read_table
from mgu.errors import UserError
from mgu.factory.resolved_run import resolve
from mgu.factory.trained import _needing_data, load_trained
from tests.conftest import Configure
from tests.factory.matrix import UNITS, Matrix
from tests.factory.test_rebuild import check_rebuilt


@pytest.mark.parametrize(
    ("data", "file", "advice"),
    [
        ("cases", "cases", "Put them back, or train anew."),
        ("regression", "houses.csv", "Put them back, or train anew."),
        ("ranking", "ml-100k", "Put them back, or set MGU_DATA to a folder that has them."),
    ],
)
def test_data_that_are_gone_are_told_with_what_still_helps(
    data: str, file: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MGU_DATA", raising=False)
    monkeypatch.setenv("MGU_CACHE", str(tmp_path / "cache"))
    matrix = Matrix(tmp_path)
    folder = matrix.train(matrix.config(data, UNITS["lean"]))
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / file).rename(tmp_path / "elsewhere" / file)
    read_table.cache_clear()
    with pytest.raises(
        UserError, match=r"^RUN must have the data that it was trained on, but for .*: dataset"
    ) as caught:
        len(load_trained(folder).splits.val)
    assert str(caught.value).endswith(advice) and "\n" not in str(caught.value)
    if data == "ranking":
        monkeypatch.setenv("MGU_DATA", str(tmp_path / "elsewhere"))
        check_rebuilt(folder)


def test_a_table_is_found_from_any_folder_and_a_relative_path_of_an_earlier_version_from_its_own(
    tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path stayed as it was typed; other folders were told to put back a file that nobody had moved."""
    rows = "\n".join(f"{k},{k % 3}" for k in range(60))
    (tmp_path / "houses.csv").write_text(f"area,rooms\n{rows}\n")
    monkeypatch.chdir(tmp_path)
    config = configure("dataset=table", "dataset.path=houses.csv", "dataset.target=rooms", "layout=dense_2")
    assert config.dataset.path == str(tmp_path / "houses.csv")  # type: ignore[union-attr]
    earlier = config.model_copy(update={"dataset": config.dataset.model_copy(update={"path": "houses.csv"})})
    assert earlier.identity == config.identity and len(resolve(earlier).splits.val) > 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    read_table.cache_clear()
    assert len(resolve(config).splits.val) > 0
    with (
        pytest.raises(UserError, match=r"Put them back, or go to the folder that this path is relative to\.$"),
        _needing_data(tmp_path, earlier),
    ):
        _ = resolve(earlier).splits
