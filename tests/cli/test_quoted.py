"""Quoted values: a sweep, its plan and a search read what one run reads, whatever characters they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode

from mgu.cli.compose import read_config, read_jobs
from mgu.cli.grammar import HydraGrammar
from mgu.cli.overrides import sort_arguments
from mgu.cli.study.studies import plan_studies
from mgu.config.conf import conf_dir
from mgu.search.grids import Grids
from mgu.search.space import write_word
from mgu.text.hydra_quoting import quote
from tests.cli.test_combine import load

TEXTS = [
    ";",
    "ß",
    "a&b",
    "wine (new); v=2.csv",
    "it's",
    '"',
    "a,b",
    "back\\slash\\",
    "\\'",
    "#1!~",
    " ",
    "",
    "3",
    "null",
]


def read(word: str) -> Any:
    return OverridesParser.create().parse_override(word).value()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("mark", ["'", '"'])
def test_a_sweep_hands_on_what_was_quoted(text: str, mark: str) -> None:
    grammar, word = HydraGrammar(None), quote(text, mark)  # type: ignore[arg-type]
    [one] = sort_arguments(["-m", f"dataset.separator={word}"])[1:]
    [[single]] = grammar.expand([one])
    swept = grammar.expand([f"dataset.separator=choice({word},b)", f"dataset.target={word},c"])
    assert read(single) == text
    assert [[read(each) for each in job] for job in swept] == [[text, text], [text, "c"], ["b", text], ["b", "c"]]


def test_what_is_read_back_stays_as_it_is_written() -> None:
    """Texts of values are in the identities of studies."""
    words = ["a=choice(x y,0.10,a\\,b,True)", 'b="q"', "c=[1, 2]"]
    texts = [[job[0].partition("=")[2], *job[1:]] for job in HydraGrammar(None).expand(words)]  # type: ignore[arg-type]
    assert texts == [[each, 'b="q"', "c=[1,2]"] for each in ("x\\ y", "0.1", "a\\,b", "True")]


@pytest.mark.parametrize("text", ["Größe", "a;b", "plain_1", "1st"])
def test_the_value_of_a_space_is_read_back(text: str) -> None:
    assert read(f"a.b={write_word(text)}") == text


@pytest.fixture
def table(tmp_path: Path) -> list[str]:
    rows = [f"{row % 7};{row % 5};{'xy'[row % 2]}" for row in range(30)]
    path = tmp_path / "Größe (new); v=2.csv"
    path.write_text("\n".join(["a;b;kind", *rows]))
    quoted = [f'dataset.path="{path}"', 'dataset.separator=";"']
    return ["dataset=table", "dataset.target=kind", "layout=dense_2", "norm=ln", *quoted]


def test_a_run_of_a_sweep_is_the_run_that_it_is_alone(table: list[str]) -> None:
    with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        alone = read_config(load(loader, RunMode.RUN, table))
        jobs = HydraGrammar(loader).expand(sort_arguments(["-m", *table])[1:])
        [swept] = read_jobs(loader, load(loader, RunMode.MULTIRUN, []), jobs)
    assert swept.identity == alone.identity and swept.model_dump() == alone.model_dump()


def test_quoted_values_can_be_searched(table: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGU_RUNS", str(Path(table[4].split('"')[1]).parent))
    words = ["search=random", "space=grid", "budget.trials=2", "norm=bn_pre,ln"]
    with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        alone = read_config(load(loader, RunMode.RUN, table))
        given = sort_arguments(["-m", *words, *(word for word in table if word != "norm=ln")])[1:]
        [planned] = plan_studies(loader, load(loader, RunMode.MULTIRUN, []), Grids({}), given)
        trial = planned.configure({"norm": "ln"}, seed=0)
    assert trial.identity == alone.identity
